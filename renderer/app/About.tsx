import './about.css';
import { useEffect, useState } from 'react';
import { roomWords } from '../i18n/room-words.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { useApp } from './store.ts';

const sayAbout = roomWords('about', {
  title: 'About Phosphor',
  close: 'Close',
  version: 'Version {{version}}',
  purpose: 'Intended use',
  notMedical:
    'Phosphor is not a certified medical device. It has no CE mark as a medical device and no FDA clearance, and must not be used for primary diagnosis or for decisions on treatment. It is meant for viewing, teaching, research and for carrying images from place to place.',
  screen: 'What an image shows also depends on the screen and the room: see the test patterns and the GSDF check in the viewer.',
  licences: 'Licences of the packages that come with it',
  none: 'The list of licences could not be read.',
});

interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

/** Version, intended use, and the licences of what is built in. */
export function About({ onClose }: { onClose(): void }) {
  const version = useApp((state) => state.workstation.version);
  const [licences, setLicences] = useState<readonly Licence[]>();
  useEffect(() => {
    let open = true;
    void readLicences().then(
      (list) => open && setLicences(list),
      () => open && setLicences([]),
    );
    return () => {
      open = false;
    };
  }, []);
  return (
    <Dialog title={sayAbout('title')} closeLabel={sayAbout('close')} onClose={onClose}>
      <div className="about">
        <p className="numbers">{sayAbout('version', { version })}</p>
        <h3>{sayAbout('purpose')}</h3>
        <p className="about-use">{sayAbout('notMedical')}</p>
        <p className="soft">{sayAbout('screen')}</p>
        <h3>{sayAbout('licences')}</h3>
        {licences?.length === 0 && <p className="error">{sayAbout('none')}</p>}
        <ul className="about-licences" data-count={licences?.length ?? 0}>
          {licences?.map(({ name, version: number, licence, text }) => (
            <li key={`${name} ${number}`}>
              <details>
                <summary>
                  <span>{name}</span> <span className="quiet numbers">{number}</span> <span className="soft">{licence}</span>
                </summary>
                <pre>{text}</pre>
              </details>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

/** Written beside the window when it is built (build/scripts/licences.ts). */
async function readLicences(): Promise<Licence[]> {
  const response = await fetch('/licences.json');
  const list: unknown = response.ok ? await response.json() : [];
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown): Licence[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { name, version, licence, text } = one as Readonly<Record<string, unknown>>;
    const words = [name, version, licence, text].every((value) => typeof value === 'string');
    return words ? [{ name: String(name), version: String(version), licence: String(licence), text: String(text) }] : [];
  });
}
