import { useEffect, useRef } from 'react';
import { useSession, useSessionState } from '../layout/use-session.ts';
import { say } from '../words.ts';

/** A field on the image where a mark needs words: a text, a label, the true length of a line. Enter keeps, Esc drops. */
export function QuestionField({ id }: { id: string }) {
  const session = useSession();
  const question = useSessionState((state) => (state.question?.pane === id ? state.question : undefined));
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (question === undefined) return;
    field.current?.focus();
    field.current?.select();
  }, [question]);
  if (question === undefined) return null;
  const end = (words: string | undefined) => {
    // Taking the field away takes its focus, which would answer a second time.
    if (session.state.getState().question !== question) return;
    session.set({ question: undefined });
    if (words === undefined) question.dismiss();
    else question.answer(words);
    document.querySelector<HTMLElement>(`[data-pane="${id}"]`)?.focus({ preventScroll: true });
  };
  return (
    <div
      className="viewer-question"
      style={{ left: question.screen.x, top: question.screen.y }}
      onPointerDown={(event) => event.stopPropagation()}
    >
      <input
        ref={field}
        defaultValue={question.value}
        aria-label={say(`ask.${question.about}`)}
        placeholder={say(`ask.${question.about}`)}
        maxLength={200}
        inputMode={question.about === 'calibration' ? 'decimal' : 'text'}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter') end(event.currentTarget.value);
          else if (event.key === 'Escape') end(undefined);
        }}
        onBlur={(event) => end(event.currentTarget.value)}
      />
      {question.about === 'calibration' && <span className="soft">mm</span>}
    </div>
  );
}
