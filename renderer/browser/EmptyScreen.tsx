import { Button } from '@mantine/core';
import { IconFileImport, IconServer, IconTestPipe } from '@tabler/icons-react';
import { app } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { choose } from '../importing/ImportButtons.tsx';
import { sayImport } from '../importing/words.ts';
import { useDemo } from './use-demo.ts';

/** The first screen of a fresh profile: two ways to get to images. */
export function EmptyScreen() {
  const { starting, start } = useDemo();
  return (
    <div className="fresh">
      <section className="fresh-offer" aria-labelledby="fresh-title">
        <h1 id="fresh-title">{t('empty.title')}</h1>
        <p>{t('empty.text')}</p>
        <div className="fresh-buttons">
          <Button
            variant="filled"
            leftSection={<IconServer className="icon" />}
            onClick={() => app.set({ panel: { kind: 'node', nodeId: undefined } })}
          >
            {t('sources.add')}
          </Button>
          <Button leftSection={<IconTestPipe className="icon" />} onClick={start} disabled={starting}>
            {starting ? t('sources.demoStarting') : t('sources.demo')}
          </Button>
          <Button leftSection={<IconFileImport className="icon" />} aria-keyshortcuts="Control+O" onClick={() => choose(false)}>
            {sayImport('files')}
          </Button>
        </div>
      </section>
    </div>
  );
}
