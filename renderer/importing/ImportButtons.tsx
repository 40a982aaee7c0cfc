import { IconFileImport, IconFolderDown } from '@tabler/icons-react';
import { type ChangeEvent, useRef } from 'react';
import { Tip } from '../ui/Tip.tsx';
import { importPicked } from './importing.ts';
import { sayImport } from './words.ts';

/** The rows below the sources: the same as a drop, by hand or key. */
export function ImportButtons() {
  return (
    <>
      <Tip label={sayImport('dropHelp')} keys={KEYS.files}>
        <button type="button" className="link-row" aria-keyshortcuts="Control+O" onClick={() => choose(false)}>
          <IconFileImport className="icon" aria-hidden />
          {sayImport('files')}
        </button>
      </Tip>
      <Tip label={sayImport('dropHelp')} keys={KEYS.folder}>
        <button type="button" className="link-row" aria-keyshortcuts="Control+Shift+O" onClick={() => choose(true)}>
          <IconFolderDown className="icon" aria-hidden />
          {sayImport('folder')}
        </button>
      </Tip>
    </>
  );
}

const KEYS = { files: 'Ctrl+O', folder: 'Ctrl+Shift+O' } as const;
const FIELD = { files: 'import-files', folder: 'import-folder' } as const;

/** Opens the system's dialog; only as an answer to a click or a key. */
export function choose(isFolder: boolean): void {
  document.querySelector<HTMLInputElement>(`#${isFolder ? FIELD.folder : FIELD.files}`)?.click();
}

/** What the system's dialogs answer to; stands once in the window. */
export function ImportFields() {
  return (
    <>
      <Field isFolder={false} />
      <Field isFolder />
    </>
  );
}

function Field({ isFolder }: { isFolder: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  const onChange = ({ currentTarget }: ChangeEvent<HTMLInputElement>): void => {
    importPicked([...(currentTarget.files ?? [])], isFolder);
    // The same files once more are a change again.
    currentTarget.value = '';
  };
  return (
    <input
      id={isFolder ? FIELD.folder : FIELD.files}
      ref={field}
      type="file"
      hidden
      multiple
      aria-hidden
      tabIndex={-1}
      {...(isFolder ? { webkitdirectory: '' } : {})}
      onChange={onChange}
    />
  );
}
