import type { StoredObject } from '../../dataset/stored-object.ts';
import { NotThere } from '../ObjectView.tsx';
import { Sheet } from '../Sheet.tsx';
import { useObject } from '../use-object.ts';
import { sayObject } from '../words.ts';
import { tagRows } from './rows.ts';
import { TagTable } from './TagTable.tsx';

const read = (object: StoredObject) => tagRows(object.root, object.header.names);

/** An object that has no view of its own: its elements. */
export function ElementsView({ sopInstanceUID, pane }: { readonly sopInstanceUID: string; readonly pane: string }) {
  const loaded = useObject(sopInstanceUID, read);
  if (loaded.state !== 'there') return <NotThere loaded={loaded} pane={pane} />;
  return (
    <Sheet label={sayObject('table.title')} kind="elements">
      <TagTable object={loaded.object} rows={loaded.value} />
    </Sheet>
  );
}
