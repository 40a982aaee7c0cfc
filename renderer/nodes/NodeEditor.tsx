import './nodes.css';
import { Button, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconX } from '@tabler/icons-react';
import { type FormEvent, useRef, useState } from 'react';
import { type PacsNodeDraft, toErrorData } from '../../shared/contract/index.ts';
import { sentenceOf } from '../app/failure.ts';
import { formatMilliseconds } from '../app/format.ts';
import { echoNode, saveNode } from '../app/node-commands.ts';
import { app, useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { type NodeField, type NodeForm, readForm } from './draft.ts';

const FIELDS: readonly { key: NodeField; mode?: 'numeric'; longest: number }[] = [
  { key: 'name', longest: 64 },
  { key: 'host', longest: 253 },
  { key: 'port', mode: 'numeric', longest: 5 },
  { key: 'aeTitle', longest: 16 },
];

/** Adds or changes a PACS, in place beside the table; the test's answer stands under the form. */
export function NodeEditor({ nodeId }: { nodeId: string | undefined }) {
  const node = useApp(({ workstation }) => workstation.nodes.find((one) => one.nodeId === nodeId));
  const [form, setForm] = useState<NodeForm>(() => ({
    name: node?.name ?? '',
    host: node?.host ?? '',
    port: node === undefined ? '' : String(node.port),
    aeTitle: node?.aeTitle ?? '',
  }));
  /** Fields whose value was left or submitted: only those are criticised. */
  const [left, setLeft] = useState<ReadonlySet<NodeField>>(new Set());
  const [failure, setFailure] = useState<string>();
  const [tested, setTested] = useState<{ nodeId: string; actionId: string }>();
  const fields = useRef<Partial<Record<NodeField, HTMLInputElement>>>({});
  const kept = useRef(nodeId);
  const read = readForm(form, node?.method ?? 'move');
  const wrong = 'wrong' in read ? read.wrong : [];

  /** Saves what was typed; undefined where it is wrong or refused, and the first wrong field gets the focus. */
  const save = async (): Promise<string | undefined> => {
    setLeft(new Set(FIELDS.map(({ key }) => key)));
    setFailure(undefined);
    if ('wrong' in read) {
      const first = FIELDS.find(({ key }) => read.wrong.includes(key));
      if (first !== undefined) fields.current[first.key]?.focus();
      return undefined;
    }
    try {
      kept.current = (await saveNode(kept.current, read.draft)).nodeId;
      return kept.current;
    } catch (thrown) {
      setFailure(sentenceOf(toErrorData(thrown)));
      return undefined;
    }
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const saved = await save();
    if (saved === undefined) return;
    close();
    // The row tells how the first echo went; a refused command would be told by the row's own state as well.
    echoNode(saved).catch(() => undefined);
  };
  const test = async (): Promise<void> => {
    setTested(undefined);
    const saved = await save();
    if (saved === undefined) return;
    try {
      setTested({ nodeId: saved, actionId: (await echoNode(saved)).actionId });
    } catch (thrown) {
      setFailure(sentenceOf(toErrorData(thrown)));
    }
  };

  return (
    <form
      className="editor panel"
      aria-labelledby="editor-title"
      noValidate
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div className="editor-head">
        <h2 id="editor-title">{node === undefined ? t('node.titleNew') : t('node.titleEdit', { name: node.name })}</h2>
        <IconButton label={t('node.close')} keys="Esc" onClick={close}>
          <IconX className="icon" />
        </IconButton>
      </div>
      {FIELDS.map(({ key, mode, longest }, index) => (
        <TextInput
          key={key}
          className="editor-field"
          label={t(`node.${key}`)}
          description={left.has(key) && wrong.includes(key) ? undefined : t(`node.${key}Help`)}
          value={form[key]}
          maxLength={longest}
          inputMode={mode}
          autoComplete="off"
          spellCheck={false}
          // The form was asked for by the reader: its first field is where the typing goes.
          autoFocus={index === 0}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          error={left.has(key) && wrong.includes(key) ? t(`node.invalid.${key}`) : undefined}
          ref={(element) => {
            if (element !== null) fields.current[key] = element;
          }}
          onBlur={() => form[key] !== '' && setLeft((before) => new Set([...before, key]))}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setForm((before) => ({ ...before, [key]: value }));
            setTested(undefined);
          }}
        />
      ))}
      <div className="editor-buttons">
        <Button type="submit" variant="filled">
          {t('node.save')}
        </Button>
        <Button onClick={() => void test()}>{t('node.test')}</Button>
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
      <OwnAddress />
    </form>
  );
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
