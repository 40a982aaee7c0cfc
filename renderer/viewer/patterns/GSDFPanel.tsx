import './patterns.css';
import { Button, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { IconButton } from '../../ui/IconButton.tsx';
import { closeDialog } from '../dialogs.ts';
import { useSession } from '../layout/use-session.ts';
import { judge, LEVELS, type Measured, readTable, type Step, type Verdict } from './gsdf.ts';
import { showPattern, usePatterns } from './pattern-store.ts';
import { sayPattern } from './words.ts';

const MOST_BYTES = 65_536;

/** Luminances of the screen beside those that the GSDF asks for. Stands beside the patch, which stays visible. */
export function GSDFPanel() {
  const session = useSession();
  const measured = usePatterns((state) => state.measured);
  const ambient = usePatterns((state) => state.ambient);
  const level = usePatterns((state) => state.level);
  const [problem, setProblem] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const levels = [...new Set([...LEVELS, ...measured.map((one) => one.level)])].sort((a, b) => a - b);
  const verdict = judge(measured, ambient);
  const choose = (next: number) => {
    usePatterns.setState({ level: next });
    showPattern(session.state.getState().active, 'luminance');
  };
  const enter = (at: number, luminance: number | undefined) =>
    usePatterns.setState({
      measured: [...measured.filter((one) => one.level !== at), ...(luminance === undefined ? [] : [{ level: at, luminance }])],
    });
  const load = async (chosen: File | undefined) => {
    const read = chosen === undefined || chosen.size > MOST_BYTES ? [] : readTable(await chosen.text());
    setProblem(read.length === 0);
    if (read.length > 0) usePatterns.setState({ measured: read });
  };
  return (
    <aside
      className="gsdf numbers"
      aria-label={sayPattern('title')}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') closeDialog();
      }}
    >
      <header className="dialog-head">
        <h2>{sayPattern('title')}</h2>
        <IconButton label={sayPattern('close')} keys="Esc" onClick={closeDialog}>
          <IconX className="icon" aria-hidden="true" />
        </IconButton>
      </header>
      <div className="gsdf-body">
        <p className="quiet">{sayPattern('how')}</p>
        <div className="gsdf-buttons">
          <Button onClick={() => choose(level)}>{sayPattern('showPatch')}</Button>
          <Button onClick={() => file.current?.click()}>{sayPattern('load')}</Button>
          <Button disabled={measured.length === 0} onClick={() => usePatterns.setState({ measured: [] })}>
            {sayPattern('clear')}
          </Button>
          <input
            ref={file}
            type="file"
            accept=".csv,.txt,text/plain,text/csv"
            hidden
            aria-label={sayPattern('paste')}
            onChange={(event) => {
              void load(event.currentTarget.files?.[0]);
              event.currentTarget.value = '';
            }}
          />
        </div>
        {problem && <p className="error">{sayPattern('unreadable')}</p>}
        <TextInput
          className="gsdf-ambient"
          label={sayPattern('ambient')}
          inputMode="decimal"
          defaultValue={String(ambient)}
          onChange={(event) => usePatterns.setState({ ambient: numberIn(event.currentTarget.value) ?? 0 })}
        />
        <Result verdict={verdict} />
        <table>
          <thead>
            <tr>
              {(['level', 'luminance', 'jnds', 'wanted', 'deviation'] as const).map((column) => (
                <th key={column}>{sayPattern(`column.${column}`)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {levels.map((one) => (
              <Row
                key={one}
                level={one}
                active={one === level}
                measured={measured.find((other) => other.level === one)}
                step={verdict?.steps.find(({ to }) => to.level === one)}
                choose={() => choose(one)}
                enter={(luminance) => enter(one, luminance)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </aside>
  );
}

function Result({ verdict }: { verdict: Verdict | undefined }) {
  if (verdict === undefined) return <p className="quiet gsdf-result">{sayPattern('incomplete')}</p>;
  const { least, most, ratio, jnds, worst } = verdict;
  const tone = verdict.verdict === 'diagnostic' ? 'ok' : verdict.verdict === 'review' ? 'warn' : 'error';
  return (
    <div className="gsdf-result" role="status" data-verdict={verdict.verdict}>
      <p className={`with-icon ${tone}`}>
        {verdict.verdict === 'diagnostic' ? (
          <IconCheck className="icon" aria-hidden="true" />
        ) : (
          <IconAlertTriangle className="icon" aria-hidden="true" />
        )}
        {sayPattern(`verdict.${verdict.verdict}`)}
      </p>
      <p>{sayPattern('worst', { percent: (worst * 100).toFixed(1) })}</p>
      <p className="quiet">
        {sayPattern('result', { least: least.toPrecision(3), most: most.toPrecision(4), ratio: Math.round(ratio), jnds: Math.round(jnds) })}
      </p>
    </div>
  );
}

interface RowProps {
  readonly level: number;
  readonly active: boolean;
  readonly measured: Measured | undefined;
  /** From the level before to this one. */
  readonly step: Step | undefined;
  choose(): void;
  enter(luminance: number | undefined): void;
}

function Row({ level, active, measured, step, choose, enter }: RowProps) {
  const kept = measured === undefined ? '' : String(measured.luminance);
  const [text, setText] = useState(kept);
  const [from, setFrom] = useState(measured);
  if (from !== measured) {
    setFrom(measured);
    if (numberIn(text) !== measured?.luminance) setText(kept);
  }
  const wrong = text.trim() !== '' && numberIn(text) === undefined;
  const off = step !== undefined && Math.abs(step.deviation) > 0.1;
  return (
    <tr data-level={level} data-active={active}>
      <td>
        <button type="button" onClick={choose}>
          {level}
        </button>
      </td>
      <td>
        <input
          aria-label={sayPattern('luminanceAt', { level })}
          aria-invalid={wrong}
          inputMode="decimal"
          value={text}
          maxLength={12}
          onFocus={choose}
          onChange={(event) => {
            setText(event.currentTarget.value);
            enter(numberIn(event.currentTarget.value));
          }}
        />
      </td>
      <td>{step?.jnds.toFixed(1)}</td>
      <td className="quiet">{step?.wanted.toFixed(1)}</td>
      <td className={off ? 'warn' : undefined}>
        {step !== undefined && `${step.deviation > 0 ? '+' : ''}${(step.deviation * 100).toFixed(1)} %`}
      </td>
    </tr>
  );
}

function numberIn(text: string): number | undefined {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(value) && value >= 0 && value <= 100_000 ? value : undefined;
}
