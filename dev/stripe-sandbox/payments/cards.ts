import type Stripe from 'stripe';

/** Why a bank refuses, in Stripe's words. See https://docs.stripe.com/declines/codes */
export interface Decline {
  code: string;
  decline_code: string;
  message: string;
}

/** What becomes of an attempt to pay with a method. */
export type Behaviour =
  | { kind: 'succeeds' }
  | { kind: 'declines'; decline: Decline }
  /** Asks for 3-D Secure first; a `decline` then refuses even the authenticated payment. */
  | { kind: 'authenticates'; decline?: Decline }
  /** Stays `processing` until it is settled (POST /sandbox/payment_intents/<id>/settle). */
  | { kind: 'processes' };

export interface TestMethod {
  type: 'card' | 'sepa_debit' | 'us_bank_account';
  brand: string;
  last4: string;
  country: string;
  behaviour: Behaviour;
  /** Refunds stay `pending` until they are settled. */
  pendingRefund?: true;
}

const declined = (decline_code: string, message = 'Your card was declined.', code = 'card_declined') => ({
  kind: 'declines' as const,
  decline: { code, decline_code, message },
});

const card = (
  brand: string,
  last4: string,
  behaviour: Behaviour = { kind: 'succeeds' },
  extra: Partial<TestMethod> = {},
): TestMethod => ({ type: 'card', brand, last4, country: 'US', behaviour, ...extra });

const generic = declined('generic_decline');
const insufficient = declined('insufficient_funds', 'Your card has insufficient funds.');

/**
 * Stripe's published test methods, by the name that follows `pm_` or `tok_`; `sepa_debit` is the sandbox's own.
 * See https://docs.stripe.com/testing
 */
const TEST_METHODS: Record<string, TestMethod> = {
  card_visa: card('visa', '4242'),
  card_visa_debit: card('visa', '5556'),
  card_mastercard: card('mastercard', '4444'),
  card_amex: card('amex', '8431'),
  card_fr: card('visa', '0003', { kind: 'succeeds' }, { country: 'FR' }),
  card_chargeDeclined: card('visa', '0002', generic),
  card_visa_chargeDeclined: card('visa', '0002', generic),
  card_chargeDeclinedInsufficientFunds: card('visa', '9995', insufficient),
  card_visa_chargeDeclinedInsufficientFunds: card('visa', '9995', insufficient),
  card_chargeDeclinedFraudulent: card('visa', '0019', declined('fraudulent')),
  card_visa_chargeDeclinedLostCard: card('visa', '9987', declined('lost_card')),
  card_visa_chargeDeclinedStolenCard: card('visa', '9979', declined('stolen_card')),
  card_chargeDeclinedExpiredCard: card(
    'visa',
    '0069',
    declined('expired_card', 'Your card has expired.', 'expired_card'),
  ),
  card_chargeDeclinedIncorrectCvc: card(
    'visa',
    '0127',
    declined('incorrect_cvc', "Your card's security code is incorrect.", 'incorrect_cvc'),
  ),
  card_chargeDeclinedProcessingError: card(
    'visa',
    '0119',
    declined(
      'processing_error',
      'An error occurred while processing your card. Try again in a little bit.',
      'processing_error',
    ),
  ),
  card_threeDSecure2Required: card('visa', '3220', { kind: 'authenticates' }),
  card_authenticationRequired: card('visa', '3184', { kind: 'authenticates' }),
  card_threeDSecureRequiredChargeDeclined: card('visa', '1629', {
    kind: 'authenticates',
    decline: generic.decline,
  }),
  card_pendingRefund: card('visa', '7726', { kind: 'succeeds' }, { pendingRefund: true }),
  usBankAccount_processing: {
    type: 'us_bank_account',
    brand: 'STRIPE TEST BANK',
    last4: '6789',
    country: 'US',
    behaviour: { kind: 'processes' },
  },
  sepa_debit: {
    type: 'sepa_debit',
    brand: '37040044',
    last4: '3000',
    country: 'DE',
    behaviour: { kind: 'processes' },
  },
};

/** The test method of a name such as `pm_card_visa` or `tok_visa`. */
export function findTestMethod(name: string): TestMethod | undefined {
  const key = name.startsWith('tok_') ? `card_${name.slice(4)}` : name.replace(/^pm_/, '');
  return Object.hasOwn(TEST_METHODS, key) ? TEST_METHODS[key] : undefined;
}

/** The test method behind a payment method: as with Stripe's test cards, the number alone decides. */
export function testMethodOf(method: Stripe.PaymentMethod): TestMethod {
  const last4 = (method.card ?? method.sepa_debit ?? method.us_bank_account)?.last4;
  return Object.values(TEST_METHODS).find(test => test.type === method.type && test.last4 === last4)!;
}

/** The names offered on the checkout page. */
export const CHECKOUT_METHODS = [
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_card_threeDSecure2Required',
  'pm_card_chargeDeclined',
  'pm_card_chargeDeclinedInsufficientFunds',
  'pm_card_chargeDeclinedExpiredCard',
  'pm_card_chargeDeclinedProcessingError',
  'pm_sepa_debit',
] as const;

/** What the method's owner is shown: the part of a payment method that names the card or the account. */
export function describeMethod(
  method: TestMethod,
): Pick<Stripe.PaymentMethod, 'type' | 'card' | 'sepa_debit' | 'us_bank_account'> {
  const { brand, last4, country } = method;
  const fingerprint = `${brand}${last4}`.replaceAll(' ', '').padEnd(16, '0');
  if (method.type === 'sepa_debit') {
    const account = { bank_code: brand, branch_code: '', country, fingerprint, generated_from: null, last4 };
    return { type: 'sepa_debit', sepa_debit: account };
  }
  if (method.type === 'us_bank_account') {
    return {
      type: 'us_bank_account',
      us_bank_account: {
        account_holder_type: 'individual',
        account_type: 'checking',
        bank_name: brand,
        financial_connections_account: null,
        fingerprint,
        last4,
        networks: { preferred: 'ach', supported: ['ach'] },
        routing_number: '110000000',
        status_details: {},
      },
    };
  }
  return {
    type: 'card',
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country,
      display_brand: brand,
      exp_month: 12,
      exp_year: new Date().getFullYear() + 2,
      fingerprint,
      funding: 'credit',
      generated_from: null,
      last4,
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
  };
}
