/** A study whose instances came, left or were removed, for the audit trail. */
export interface TouchedStudy {
  readonly studyInstanceUID: string;
  readonly patientID: string;
}

/** More than anybody does in one go by hand; what goes beyond is counted with the instances, and not named. */
const MOST_NAMED = 10_000;

/** Collects them, each once. */
export class TouchedStudies {
  readonly #patients = new Map<string, string>();

  add({ studyInstanceUID, patientID }: TouchedStudy): void {
    if (this.#patients.size < MOST_NAMED && !this.#patients.has(studyInstanceUID))
      this.#patients.set(studyInstanceUID, patientID.slice(0, 1024));
  }

  get list(): TouchedStudy[] {
    return [...this.#patients].map(([studyInstanceUID, patientID]) => ({ studyInstanceUID, patientID }));
  }
}
