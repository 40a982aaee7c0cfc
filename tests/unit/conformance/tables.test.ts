import { test } from 'vitest';
import { TRANSFER_SYNTAXES } from '../../../electron/dicom/dataset/index.ts';
import { RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASSES } from '../../../electron/dicom/services/storage-sop-classes.ts';
import { checkConformanceTable } from '../../support/conformance-table.ts';

test('the conformance statement lists the SOP classes that we store', async () => {
  const rows = [...STORAGE_SOP_CLASSES].map(([uid, name]) => [name, uid, RETIRED_STORAGE_SOP_CLASSES.has(uid) ? 'retired' : '']);
  await checkConformanceTable('storage SOP classes', [['SOP class', 'UID', ''], ...rows]);
});

test('the conformance statement lists the transfer syntaxes that we store', async () => {
  const kind = { none: 'uncompressed', lossless: 'lossless', lossy: 'lossy', either: 'lossless or lossy' } as const;
  const rows = TRANSFER_SYNTAXES.map(({ name, uid, compression, video }) => [name, uid, video ? 'video' : kind[compression]]);
  await checkConformanceTable('transfer syntaxes', [['Transfer syntax', 'UID', 'Pixel data'], ...rows]);
});
