/** Something that was done and can be taken back. */
export interface Step {
  undo(): void;
  redo(): void;
}

const MAX_STEPS = 500;

/** What the reader did in this viewer, newest last. */
export class History {
  #done: Step[] = [];
  #undone: Step[] = [];

  /** Keeps a step that was just taken; what had been taken back before cannot be repeated any more. */
  push(step: Step): void {
    this.#done.push(step);
    if (this.#done.length > MAX_STEPS) this.#done.shift();
    this.#undone = [];
  }

  undo(): void {
    const step = this.#done.pop();
    if (step === undefined) return;
    step.undo();
    this.#undone.push(step);
  }

  redo(): void {
    const step = this.#undone.pop();
    if (step === undefined) return;
    step.redo();
    this.#done.push(step);
  }
}
