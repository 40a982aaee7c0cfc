import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { type TLSFinding, toErrorData } from '../../shared/contract/index.ts';
import { sentenceOf } from '../app/failure.ts';
import { client } from '../app/store.ts';
import { t } from '../i18n/index.ts';

/** More are for `phosphor tls check`. */
const MOST_SHOWN = 6;

type Result = { readonly findings: readonly TLSFinding[] } | { readonly failure: string };

/** What the self-test says of our own certificate, key and trust anchors: a PACS that checks them will find the same. */
export function OwnCertificate({ savedTimes }: { savedTimes: number }) {
  const [result, setResult] = useState<Result>();
  // Saving may have named other trust anchors: it is tested anew, and the last result stays until then.
  // biome-ignore lint/correctness/useExhaustiveDependencies: savedTimes says when
  useEffect(() => {
    let current = true;
    client()
      .invoke('tls.selfTest', {})
      .then(
        ({ findings }) => current && setResult({ findings: findings.filter(isWorthSaying) }),
        (thrown: unknown) => current && setResult({ failure: sentenceOf(toErrorData(thrown)) }),
      );
    return () => {
      current = false;
    };
  }, [savedTimes]);
  return (
    <div className="own-certificate" aria-live="polite">
      <h3>{t('node.ownCertificate')}</h3>
      {result === undefined ? (
        <p className="quiet">{t('node.ownCertificateTesting')}</p>
      ) : 'failure' in result ? (
        <Finding severity="warning" sentence={result.failure} />
      ) : (
        <Findings findings={result.findings} />
      )}
    </div>
  );
}

/** What is in order needs no words; what fails in TLS 1.2 and 1.3 alike is said once. */
function isWorthSaying({ severity, subject, code }: TLSFinding, index: number, all: readonly TLSFinding[]): boolean {
  if (severity === 'info') return false;
  return subject !== 'handshake' || all.findIndex((one) => one.subject === subject && one.code === code) === index;
}

function Findings({ findings }: { findings: readonly TLSFinding[] }) {
  if (findings.length === 0) {
    return (
      <p className="finding">
        <IconCircleCheck className="icon ok" aria-hidden />
        <span>{t('node.ownCertificateGood')}</span>
      </p>
    );
  }
  const more = findings.length - MOST_SHOWN;
  return (
    <>
      <ul>
        {findings.slice(0, MOST_SHOWN).map(({ severity, subject, code, sentence }) => (
          <li key={`${subject} ${code} ${sentence}`}>
            <Finding severity={severity} sentence={sentence} />
          </li>
        ))}
      </ul>
      {more > 0 && <p className="quiet">{t('node.ownCertificateMore', { count: more })}</p>}
      <p className="quiet">{t('node.ownCertificateWhere')}</p>
    </>
  );
}

function Finding({ severity, sentence }: Pick<TLSFinding, 'severity' | 'sentence'>) {
  const isError = severity === 'error';
  const Icon = isError ? IconCircleX : IconAlertTriangle;
  return (
    <p className="finding">
      <Icon className={isError ? 'icon error' : 'icon warn'} aria-hidden />
      <span className="breakable">
        <strong className={isError ? 'error' : 'warn'}>{t(isError ? 'node.severity.error' : 'node.severity.warning')}</strong> {sentence}
      </span>
    </p>
  );
}
