import './nodes.css';
import { Button, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { type PacsNode, type PacsNodeDraft, toErrorData } from '../../shared/contract/index.ts';
import { sentenceOf } from '../app/failure.ts';
import { formatMilliseconds } from '../app/format.ts';
import { echoNode, saveNode } from '../app/node-commands.ts';
import { app, client, useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { ADVANCED_FIELDS, Advanced, isAdvanced } from './Advanced.tsx';
import { formOf, NODE_FIELDS, needsSecret, readForm, type SecretState, secretFits } from './draft.ts';
import { useFormState } from './form-handle.ts';

const FIELDS = [
  { key: 'name', longest: 64 },
  { key: 'host', longest: 253 },
  { key: 'port', mode: 'numeric', longest: 5 },
  { key: 'aeTitle', longest: 16 },
] as const;

const NONE: readonly PacsNode[] = [];

/** Adds or changes a PACS, in place beside the table; the test's answer stands under the form. */
export function NodeEditor({ nodeId }: { nodeId: string | undefined }) {
  const nodes = useApp(({ workstation }) => workstation.nodes);
  const [edited] = useState(() => nodes.find((one) => one.nodeId === nodeId));
  /** The entry as this form has saved it last. */
  const [saved, setSaved] = useState(edited);
  const [savedTimes, setSavedTimes] = useState(0);
  const [secretState, setSecretState] = useSecretState(edited);
  const [failure, setFailure] = useState<string>();
  const [tested, setTested] = useState<{ nodeId: string; actionId: string }>();
  const state = useFormState(
    () => formOf(edited),
    () => setTested(undefined),
  );
  const { form } = state;
  const [advanced, setAdvanced] = useState(() => isAdvanced(form));
  const busy = useRef(false);
  const [saving, setSaving] = useState(false);
  const read = readForm(form, { saved, secretState, nodes: saving ? NONE : nodes });
  const handle = state.handle('wrong' in read ? read.wrong : new Map());

  /** Saves what was typed; undefined where it is wrong or refused, and the first wrong field gets the focus. */
  const save = async (): Promise<string | undefined> => {
    state.criticise(NODE_FIELDS);
    setFailure(undefined);
    if ('wrong' in read) {
      const first = NODE_FIELDS.find((field) => read.wrong.has(field));
      if (first === undefined) return undefined;
      if (ADVANCED_FIELDS.has(first)) flushSync(() => setAdvanced(true));
      state.focus(first);
      return undefined;
    }
    const { draft, secret } = read;
    // The list may know the new entry before we do: its name is not taken by another.
    setSaving(true);
    try {
      const node = await saveNode(saved?.nodeId, draft, { secret, onKept: setSaved, onSecret: setSecretState });
      // One that was cleared may stay away: the test says what the PACS makes of it.
      state.change({ secret: '', forgetSecret: secret === null });
      return node.nodeId;
    } catch (thrown) {
      setFailure(sentenceOf(toErrorData(thrown)));
      return undefined;
    } finally {
      setSaving(false);
      setSavedTimes((times) => times + 1);
    }
  };
  /** A second click waits for nothing and does nothing: the first is still at it. */
  const once = async (work: () => Promise<void>): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    await work().finally(() => {
      busy.current = false;
    });
  };
  const submit = async (): Promise<void> => {
    const kept = await save();
    if (kept === undefined) return;
    close();
    // The row tells how the first echo went; a refused command would be told by the row's own state as well.
    echoNode(kept).catch(() => undefined);
  };
  const test = async (): Promise<void> => {
    setTested(undefined);
    const kept = await save();
    if (kept === undefined) return;
    try {
      setTested({ nodeId: kept, actionId: (await echoNode(kept)).actionId });
    } catch (thrown) {
      setFailure(sentenceOf(toErrorData(thrown)));
    }
  };

  return (
    <form
      className="editor node-editor panel"
      aria-labelledby="editor-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void once(submit);
      }}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div className="editor-head">
        <h2 id="editor-title">{edited === undefined ? t('node.titleNew') : t('node.titleEdit', { name: edited.name })}</h2>
        <IconButton label={t('node.close')} keys="Esc" onClick={close}>
          <IconX className="icon" />
        </IconButton>
      </div>
      <div className="editor-body">
        {FIELDS.map(({ key, longest, ...field }, index) => (
          <TextInput
            key={key}
            {...handle.typed(key, t(key === 'port' && form.tls ? 'node.portHelpTLS' : `node.${key}Help`))}
            label={t(`node.${key}`)}
            maxLength={longest}
            inputMode={'mode' in field ? field.mode : undefined}
            // The form was asked for by the reader: its first field is where the typing goes.
            autoFocus={index === 0}
          />
        ))}
        {edited?.kind !== 'demo' && (
          <Advanced
            handle={handle}
            open={advanced}
            onToggle={() => setAdvanced(!advanced)}
            secretState={secretFits(form, { saved, secretState }) ? secretState : 'absent'}
            savedTimes={savedTimes}
          />
        )}
        <OwnAddress />
      </div>
      <div className="editor-foot">
        <div className="editor-buttons">
          <Button type="submit" variant="filled">
            {t('node.save')}
          </Button>
          <Button onClick={() => void once(test)}>{t('node.test')}</Button>
        </div>
        <div className="editor-answer" aria-live="polite">
          {failure !== undefined ? (
            <Answer good={false} sentence={failure} />
          ) : tested !== undefined && 'draft' in read ? (
            <TestAnswer key={tested.actionId} tested={tested} draft={read.draft} />
          ) : (
            <p className="quiet">{t('node.testHelp')}</p>
          )}
        </div>
      </div>
    </form>
  );
}

/** Whether a secret for the node is stored: asked once, then as saving changes it. */
function useSecretState(node: PacsNode | undefined): [SecretState, (state: SecretState) => void] {
  const wanted = needsSecret(node?.userIdentity?.type ?? 'none') ? node?.nodeId : undefined;
  const [state, setState] = useState<SecretState>(wanted === undefined ? 'absent' : 'unknown');
  useEffect(() => {
    if (wanted === undefined) return;
    // Where it cannot be asked, nothing is claimed: what is stored stays.
    client()
      .invoke('nodes.secretState', { nodeId: wanted })
      .then((answer) => setState((before) => (before === 'unknown' ? answer.state : before)))
      .catch(() => undefined);
  }, [wanted]);
  return [state, setState];
}

function close(): void {
  app.set({ panel: undefined });
}

function TestAnswer({ tested, draft }: { tested: { nodeId: string; actionId: string }; draft: PacsNodeDraft }) {
  const finished = useApp(({ workstation }) => workstation.finished[tested.actionId]);
  // The answer stays here also when a later one takes its place in the list of actions.
  const [complete, setComplete] = useState(finished);
  if (finished !== undefined && complete === undefined) setComplete(finished);
  const state = useApp(({ workstation }) => workstation.nodeStates[tested.nodeId]);
  if (complete === undefined) return <p className="soft">{t('node.testing', { host: `${draft.host}:${draft.port}` })}</p>;
  if (complete.outcome === 'success') {
    const milliseconds = complete.details?.latencyMs ?? state?.latencyMs ?? complete.finishedAt - complete.startedAt;
    return <Answer good sentence={t('node.answered', { name: draft.name, latency: formatMilliseconds(milliseconds) })} />;
  }
  const sentence = complete.diagnosis?.sentence ?? state?.sentence ?? t('actions.noReason');
  return <Answer good={false} sentence={sentence} nextStep={complete.diagnosis?.nextStep} />;
}

function Answer({ good, sentence, nextStep }: { good: boolean; sentence: string; nextStep?: string | undefined }) {
  return (
    <div className="answer" data-good={good}>
      {good ? <IconCircleCheck className="icon ok" aria-hidden /> : <IconAlertTriangle className="icon error" aria-hidden />}
      <div>
        <p>{sentence}</p>
        {nextStep !== undefined && <p className="soft">{nextStep}</p>}
      </div>
    </div>
  );
}

/** What the administrator of the PACS must enter for us: most first connections fail for want of it. */
function OwnAddress() {
  const settings = useApp((state) => state.workstation.settings);
  if (settings === undefined) return null;
  return (
    <div className="own-address">
      <p className="quiet">{t('node.tell')}</p>
      <p className="numbers">{t('node.tellLine', { title: settings.aeTitle, port: settings.port })}</p>
    </div>
  );
}
