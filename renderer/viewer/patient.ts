import type { LocalStudy } from '../../shared/contract/index.ts';

/** Whether two studies are of one person as far as their files say: same ID, name and birth date. */
export function isSamePatient(a: LocalStudy, b: LocalStudy): boolean {
  return (
    a.patientID === b.patientID &&
    alike(a.patientBirthDate, b.patientBirthDate) &&
    alike(nameOf(a.patientName.alphabetic), nameOf(b.patientName.alphabetic))
  );
}

/** What one of them leaves out contradicts nothing. */
function alike(a: string, b: string): boolean {
  return a === '' || b === '' || a === b;
}

function nameOf(name: string): string {
  return name.replace(/\^+$/, '').replaceAll(/\s+/g, ' ').trim().toUpperCase();
}
