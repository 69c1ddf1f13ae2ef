/** The results of one step over all purchases. */
export interface Step {
  /** Answers by code; `ok` is an answer without errors. */
  codes: Map<string, number>;
  /** Milliseconds of answers that were admitted, and of those that were refused for the moment. */
  admitted: number[];
  refused: number[];
}

/** The results of a run: answers by step, and how many purchases were completed. */
export class Tally {
  readonly steps = new Map<string, Step>();
  /** Milliseconds of completed purchases, measured from the registration. */
  readonly purchases: number[] = [];
  #running = true;

  /** Nothing is counted after the end of the run. */
  end() {
    this.#running = false;
  }

  answer(name: string, code: string, milliseconds: number, refused: boolean) {
    if (!this.#running) return;
    const step: Step = this.steps.get(name) ?? { codes: new Map(), admitted: [], refused: [] };
    this.steps.set(name, step);
    step.codes.set(code, (step.codes.get(code) ?? 0) + 1);
    step[refused ? 'refused' : 'admitted'].push(milliseconds);
  }

  complete(milliseconds: number) {
    if (this.#running) this.purchases.push(milliseconds);
  }
}

/** The value below which this share of the samples lies; 0 when there are no samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
