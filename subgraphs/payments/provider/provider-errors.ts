/** How a call to a provider fails. */

/** The provider says no: nothing has happened, and asking again would not help. Its message is fit for the client. */
export class ProviderRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ProviderRefusal';
    this.code = code;
  }
}

/** Not now, or the answer was lost: what has happened is not known until the provider is asked again. */
export class ProviderUnavailable extends Error {
  /** True when an answer came, and it told of an error of theirs: the same key may bring the same answer for a day. */
  readonly answered: boolean;
  /** True when the same key is known to bring the same answer. */
  readonly stored: boolean;
  constructor(message: string, answered: boolean, stored = false) {
    super(message);
    this.name = 'ProviderUnavailable';
    this.answered = answered;
    this.stored = stored;
  }
}

/**
 * The answer lacks what cannot be done without. The operation has most likely been carried out, so that nothing may be
 * made anew: the provider is asked again, and an administrator told.
 */
export class ProviderIncomplete extends ProviderUnavailable {
  /** What the answer is about, if it says so. */
  readonly reference: string | null;
  constructor(reference: string | null, missing: string) {
    super(`An answer of the provider lacks ${missing} (${reference ?? 'of an unknown object'}).`, false);
    this.name = 'ProviderIncomplete';
    this.reference = reference;
  }
}
