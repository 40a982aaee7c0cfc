import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconPlugConnectedX, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { t } from '../i18n/index.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { forget } from './failure.ts';
import { useApp } from './store.ts';
import { dismissNotice } from './study-commands.ts';

type Tone = 'good' | 'info' | 'warning' | 'error';

const ICONS: Readonly<Record<Tone, ReactNode>> = {
  good: <IconCircleCheck className="icon ok" />,
  info: <IconInfoCircle className="icon" />,
  warning: <IconAlertTriangle className="icon warn" />,
  error: <IconAlertTriangle className="icon error" />,
};

/** What the reader should know and what belongs to no row: the connection, notices, answers to what was just done. */
export function NoticeStrip() {
  const connection = useApp((state) => state.connection);
  const notices = useApp((state) => state.workstation.notices);
  const messages = useApp((state) => state.messages);
  return (
    <section className="notices" aria-label={t('notices.region')} aria-live="polite">
      {connection !== 'connected' && (
        <div className="notice" data-tone={connection === 'connecting' ? 'info' : 'warning'} role="status">
          <IconPlugConnectedX className={connection === 'connecting' ? 'icon' : 'icon warn'} />
          <span>{t(`connection.${connection}`)}</span>
        </div>
      )}
      {notices.map((notice) => (
        <Line key={notice.noticeId} tone={notice.severity} sentence={notice.sentence} onDismiss={() => dismissNotice(notice.noticeId)} />
      ))}
      {messages.map(({ id, tone, sentence, undo }) => (
        <Line key={id} tone={tone} sentence={sentence} onDismiss={() => forget(id)}>
          {undo !== undefined && (
            <Button
              size="compact-xs"
              onClick={() => {
                forget(id);
                undo();
              }}
            >
              {t('notices.undo')}
            </Button>
          )}
        </Line>
      ))}
    </section>
  );
}

interface LineProps {
  readonly tone: Tone;
  readonly sentence: string;
  readonly onDismiss: () => void;
  readonly children?: ReactNode;
}

function Line({ tone, sentence, onDismiss, children }: LineProps) {
  return (
    <div className="notice" data-tone={tone}>
      {ICONS[tone]}
      <span className="notice-text">{sentence}</span>
      {children}
      <IconButton small label={t('notices.dismiss')} onClick={onDismiss}>
        <IconX className="icon" />
      </IconButton>
    </div>
  );
}
