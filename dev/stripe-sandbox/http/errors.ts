import type Stripe from 'stripe';

/** The `error` of Stripe's error answers. See https://docs.stripe.com/api/errors */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  charge?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
}

/** A refusal in Stripe's shape, with its HTTP status. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  /**
   * Whether the operation had begun. Only then does an idempotency key remember the refusal; after a fault in the
   * parameters the caller may mend them and use the key again.
   */
  readonly begun: boolean;

  constructor(status: number, body: ErrorBody, { begun = true } = {}) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.begun = begun;
  }
}

/** 400: a parameter is missing or wrong. */
export function invalidParameter(message: string, param?: string, code?: string): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', message, code, param }, { begun: false });
}

/** 404: there is no such object. */
export function noSuch(kind: string, id: string, param = 'id'): ApiError {
  return new ApiError(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
}

/** 400: the payment intent's status does not allow this. */
export function unexpectedState(message: string, intent: Stripe.PaymentIntent): ApiError {
  return new ApiError(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: structuredClone(intent),
  });
}
