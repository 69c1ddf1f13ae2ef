import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Payment as PaymentEntity } from '../../subgraphs/payments/collect/payment.entity.ts';
import type { PaymentPage } from '../../subgraphs/payments/collect/payments.ts';
import type { CheckoutSession as CheckoutSessionEntity } from '../../subgraphs/payments/checkout/checkout-session.entity.ts';
import type { DeadLetterPage } from '../../subgraphs/shared/messaging/dead-letters.ts';
import type { PaymentsContext } from '../../subgraphs/payments/services.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** ISO 8601 in UTC with milliseconds, e.g. `2026-06-15T09:00:00.000Z`. */
  DateTime: { input: Date; output: Date | string; }
  /** A whole number up to 2^53 − 1 in size: minor units of money do not fit in 32 bits. */
  SafeInt: { input: number; output: number; }
  _FieldSet: { input: unknown; output: unknown; }
};

/** The amount is not what is due. */
export type AmountMismatch = Error & {
  __typename?: 'AmountMismatch';
  due: Money;
  message: Scalars['String']['output'];
};

/** A payment form hosted by Stripe, embedded (`clientSecret`) or by address (`url`). */
export type CheckoutSession = {
  __typename?: 'CheckoutSession';
  clientSecret: Maybe<Scalars['String']['output']>;
  expiresAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  url: Maybe<Scalars['String']['output']>;
};

export type ConfirmPaymentInput = {
  paymentId: Scalars['ID']['input'];
  /** Stripe's id of a payment method, e.g. from Stripe Elements. */
  paymentMethodId: Scalars['String']['input'];
  /** Where the buyer comes back to after 3-D Secure. */
  returnUrl?: InputMaybe<Scalars['String']['input']>;
};

export type ConfirmPaymentResult = Payment | PaymentNotConfirmable;

export type CreateCheckoutInput = {
  /** A form inside your own page, by `clientSecret`, instead of one at `url`. */
  embedded?: InputMaybe<Scalars['Boolean']['input']>;
  orderId: Scalars['ID']['input'];
  /** Where the buyer comes back to: an http or https address. */
  returnUrl: Scalars['String']['input'];
};

export type CreateCheckoutResult = CheckoutSession | InvalidInput | OrderNotPayable;

export type CurrencyAnalytics = {
  __typename?: 'CurrencyAnalytics';
  captured: Money;
  failed: Scalars['Int']['output'];
  payments: Scalars['Int']['output'];
  refunded: Money;
  succeeded: Scalars['Int']['output'];
  /** succeeded / (succeeded + failed), 0 to 1; null before anything ended. */
  successRate: Maybe<Scalars['Float']['output']>;
};

/** A message or job that kept failing. It is kept until an administrator replays it. */
export type DeadLetter = {
  __typename?: 'DeadLetter';
  attempts: Scalars['Int']['output'];
  correlationId: Maybe<Scalars['String']['output']>;
  error: Scalars['String']['output'];
  failedAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  /** Name of the message or job. */
  name: Scalars['String']['output'];
  /** The message as it was received, as JSON. */
  payload: Scalars['String']['output'];
};

export type DeadLetterConnection = {
  __typename?: 'DeadLetterConnection';
  edges: Array<DeadLetterEdge>;
  nodes: Array<DeadLetter>;
  pageInfo: PageInfo;
  totalCount: Scalars['Int']['output'];
};

export type DeadLetterEdge = {
  __typename?: 'DeadLetterEdge';
  cursor: Scalars['String']['output'];
  node: DeadLetter;
};

/** An expected failure. Every mutation's result can be read with `... on Error { message }`. */
export type Error = {
  message: Scalars['String']['output'];
};

/** The idempotency key was used before with another input; nothing was changed. */
export type IdempotencyConflict = Error & {
  __typename?: 'IdempotencyConflict';
  message: Scalars['String']['output'];
};

export type InputIssue = {
  __typename?: 'InputIssue';
  message: Scalars['String']['output'];
  /** Where in the input, e.g. `lines.0.quantity`. */
  path: Scalars['String']['output'];
};

/** Some fields of the input are wrong; nothing was changed. */
export type InvalidInput = Error & {
  __typename?: 'InvalidInput';
  issues: Array<InputIssue>;
  message: Scalars['String']['output'];
};

export type Invoice = {
  __typename?: 'Invoice';
  id: Scalars['ID']['output'];
  payments: Array<Payment>;
};

/** The invoice is paid, void, or not the viewer's. */
export type InvoiceNotPayable = Error & {
  __typename?: 'InvoiceNotPayable';
  message: Scalars['String']['output'];
};

/** `amount` counts minor units (cents), `currency` is ISO 4217. */
export type Money = {
  __typename?: 'Money';
  amount: Scalars['SafeInt']['output'];
  currency: Scalars['String']['output'];
};

export type MoneyInput = {
  /** Minor units (cents), 0 to 99,999,999. */
  amount: Scalars['SafeInt']['input'];
  currency: Scalars['String']['input'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Confirms a payment with a payment method. A declined card leaves it REQUIRES_PAYMENT_METHOD: try again. */
  confirmPayment: ConfirmPaymentResult;
  /**
   * Opens a Stripe Checkout session for a reserved order, or answers the one that is open. While it is open the payment
   * has no `clientSecret`; confirmPayment ends the session. Rights: the order's customer.
   */
  createCheckout: CreateCheckoutResult;
  /** Pays a due invoice at once. Rights: its customer. */
  payInvoice: PayInvoiceResult;
  /** Gives money back; never more than was captured. Rights: administrator. */
  refundPayment: RefundPaymentResult;
  /** Hands a dead letter to its handler again. Rights: administrator. */
  replayPaymentsDeadLetter: Scalars['Boolean']['output'];
};


export type MutationConfirmPaymentArgs = {
  input: ConfirmPaymentInput;
};


export type MutationCreateCheckoutArgs = {
  input: CreateCheckoutInput;
};


export type MutationPayInvoiceArgs = {
  input: PayInvoiceInput;
};


export type MutationRefundPaymentArgs = {
  input: RefundPaymentInput;
};


export type MutationReplayPaymentsDeadLetterArgs = {
  id: Scalars['ID']['input'];
};

export type Order = {
  __typename?: 'Order';
  id: Scalars['ID']['output'];
  /** Every payment made or begun for the order, newest first. */
  payments: Array<Payment>;
};

/** The order does not await a payment. */
export type OrderNotPayable = Error & {
  __typename?: 'OrderNotPayable';
  message: Scalars['String']['output'];
};

export type PageInfo = {
  __typename?: 'PageInfo';
  endCursor: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
};

export type PayInvoiceInput = {
  /** Must equal what is due. */
  amount: MoneyInput;
  idempotencyKey: Scalars['String']['input'];
  invoiceId: Scalars['ID']['input'];
  paymentMethodId: Scalars['String']['input'];
};

export type PayInvoiceResult = AmountMismatch | IdempotencyConflict | InvalidInput | InvoiceNotPayable | Payment;

/** One attempt to collect an amount. Visible to the customer and to administrators. */
export type Payment = {
  __typename?: 'Payment';
  amount: Money;
  /** For Stripe Elements; only for the customer, and only while the payment can be confirmed. */
  clientSecret: Maybe<Scalars['String']['output']>;
  createdAt: Scalars['DateTime']['output'];
  /** The provider's code of the last refusal, e.g. `card_declined`. */
  failureCode: Maybe<Scalars['String']['output']>;
  failureMessage: Maybe<Scalars['String']['output']>;
  id: Scalars['ID']['output'];
  invoice: Maybe<Invoice>;
  /** Where to send the buyer while the status is REQUIRES_ACTION. */
  nextActionUrl: Maybe<Scalars['String']['output']>;
  order: Maybe<Order>;
  provider: PaymentProvider;
  /** The provider's id, e.g. Stripe's `pi_…`. */
  providerReference: Maybe<Scalars['String']['output']>;
  /** What went back so far. */
  refundedAmount: Money;
  refunds: Array<Refund>;
  status: PaymentStatus;
  updatedAt: Scalars['DateTime']['output'];
};

/** Figures of the payments created in a period, per currency. */
export type PaymentAnalytics = {
  __typename?: 'PaymentAnalytics';
  byCurrency: Array<CurrencyAnalytics>;
  /** Attempts that ended, by provider. */
  byProvider: Array<ProviderAnalytics>;
  from: Scalars['DateTime']['output'];
  to: Scalars['DateTime']['output'];
  /** Webhook events handled. */
  webhooksProcessed: Scalars['Int']['output'];
};

export type PaymentConnection = {
  __typename?: 'PaymentConnection';
  edges: Array<PaymentEdge>;
  nodes: Array<Payment>;
  pageInfo: PageInfo;
  totalCount: Scalars['Int']['output'];
};

export type PaymentEdge = {
  __typename?: 'PaymentEdge';
  cursor: Scalars['String']['output'];
  node: Payment;
};

/** The payment was confirmed before, has ended, or its order can no longer be paid. */
export type PaymentNotConfirmable = Error & {
  __typename?: 'PaymentNotConfirmable';
  message: Scalars['String']['output'];
};

export type PaymentProvider =
  | 'PAYPAL'
  | 'STRIPE';

export type PaymentStatus =
  | 'CANCELED'
  | 'FAILED'
  | 'PROCESSING'
  /** The buyer has to do something at `nextActionUrl`, e.g. 3-D Secure. */
  | 'REQUIRES_ACTION'
  | 'REQUIRES_PAYMENT_METHOD'
  | 'SUCCEEDED';

export type ProviderAnalytics = {
  __typename?: 'ProviderAnalytics';
  failed: Scalars['Int']['output'];
  provider: PaymentProvider;
  succeeded: Scalars['Int']['output'];
};

export type Query = {
  __typename?: 'Query';
  /** A payment by id. Rights: its customer or an administrator; otherwise NOT_FOUND. */
  payment: Maybe<Payment>;
  /** Figures over a period of at most 366 days. Rights: administrator. */
  paymentAnalytics: PaymentAnalytics;
  /** The viewer's payments (all for administrators), newest first. `first` is at most 100. */
  payments: PaymentConnection;
  /** Messages and jobs of payments that kept failing. Rights: administrator. */
  paymentsDeadLetters: DeadLetterConnection;
};


export type QueryPaymentArgs = {
  id: Scalars['ID']['input'];
};


export type QueryPaymentAnalyticsArgs = {
  from: Scalars['DateTime']['input'];
  to: Scalars['DateTime']['input'];
};


export type QueryPaymentsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  status: InputMaybe<PaymentStatus>;
};


export type QueryPaymentsDeadLettersArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type Refund = {
  __typename?: 'Refund';
  amount: Money;
  createdAt: Scalars['DateTime']['output'];
  /** True when it was begun at the provider and not here. */
  external: Scalars['Boolean']['output'];
  id: Scalars['ID']['output'];
  reason: Maybe<Scalars['String']['output']>;
  status: RefundStatus;
};

/** The payment was not captured, or less is left than asked for. */
export type RefundNotPossible = Error & {
  __typename?: 'RefundNotPossible';
  message: Scalars['String']['output'];
  /** What can still be refunded. */
  refundable: Money;
};

export type RefundPaymentInput = {
  /** In the payment's currency; without it, all that is left. */
  amount?: InputMaybe<MoneyInput>;
  idempotencyKey: Scalars['String']['input'];
  paymentId: Scalars['ID']['input'];
  reason?: InputMaybe<Scalars['String']['input']>;
};

export type RefundPaymentResult = IdempotencyConflict | InvalidInput | Payment | RefundNotPossible;

export type RefundStatus =
  | 'FAILED'
  | 'PENDING'
  | 'SUCCEEDED';

export type Subscription = {
  __typename?: 'Subscription';
  /** The payment's current state, then each change. By payment, or by order (its newest payment); exactly one of them. */
  paymentUpdated: Payment;
};


export type SubscriptionPaymentUpdatedArgs = {
  orderId: InputMaybe<Scalars['ID']['input']>;
  paymentId: InputMaybe<Scalars['ID']['input']>;
};

export type User = {
  __typename?: 'User';
  id: Scalars['ID']['output'];
  /** The user's payments, newest first. Rights: oneself or an administrator; empty for others. */
  payments: PaymentConnection;
};


export type UserPaymentsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Invoice: Invoice;
  Order: Order;
  Payment: Payment;
  User: User;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Invoice:
    ( { __typename: 'Invoice' }
    & GraphQLRecursivePick<FederationTypes['Invoice'], {"id":true}> );
  Order:
    ( { __typename: 'Order' }
    & GraphQLRecursivePick<FederationTypes['Order'], {"id":true}> );
  Payment:
    ( { __typename: 'Payment' }
    & GraphQLRecursivePick<FederationTypes['Payment'], {"id":true}> );
  User:
    ( { __typename: 'User' }
    & GraphQLRecursivePick<FederationTypes['User'], {"id":true}> );
};

/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  ConfirmPaymentResult:
    | ( PaymentEntity )
    | ( PaymentNotConfirmable )
  ;
  CreateCheckoutResult:
    | ( CheckoutSessionEntity )
    | ( InvalidInput )
    | ( OrderNotPayable )
  ;
  PayInvoiceResult:
    | ( AmountMismatch )
    | ( IdempotencyConflict )
    | ( InvalidInput )
    | ( InvoiceNotPayable )
    | ( PaymentEntity )
  ;
  RefundPaymentResult:
    | ( IdempotencyConflict )
    | ( InvalidInput )
    | ( PaymentEntity )
    | ( RefundNotPossible )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Error:
    | ( AmountMismatch )
    | ( IdempotencyConflict )
    | ( InvalidInput )
    | ( InvoiceNotPayable )
    | ( OrderNotPayable )
    | ( PaymentNotConfirmable )
    | ( RefundNotPossible )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AmountMismatch: ResolverTypeWrapper<AmountMismatch>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  CheckoutSession: ResolverTypeWrapper<CheckoutSessionEntity>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  ConfirmPaymentInput: ConfirmPaymentInput;
  ConfirmPaymentResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ConfirmPaymentResult']>;
  CreateCheckoutInput: CreateCheckoutInput;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CreateCheckoutResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateCheckoutResult']>;
  CurrencyAnalytics: ResolverTypeWrapper<CurrencyAnalytics>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeadLetter: ResolverTypeWrapper<DeadLetter>;
  DeadLetterConnection: ResolverTypeWrapper<DeadLetterPage>;
  DeadLetterEdge: ResolverTypeWrapper<DeadLetterEdge>;
  Error: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Error']>;
  IdempotencyConflict: ResolverTypeWrapper<IdempotencyConflict>;
  InputIssue: ResolverTypeWrapper<InputIssue>;
  InvalidInput: ResolverTypeWrapper<InvalidInput>;
  Invoice: ResolverTypeWrapper<{ id: string }>;
  InvoiceNotPayable: ResolverTypeWrapper<InvoiceNotPayable>;
  Money: ResolverTypeWrapper<Money>;
  MoneyInput: MoneyInput;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Order: ResolverTypeWrapper<{ id: string }>;
  OrderNotPayable: ResolverTypeWrapper<OrderNotPayable>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PayInvoiceInput: PayInvoiceInput;
  PayInvoiceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['PayInvoiceResult']>;
  Payment: ResolverTypeWrapper<PaymentEntity>;
  PaymentAnalytics: ResolverTypeWrapper<PaymentAnalytics>;
  PaymentConnection: ResolverTypeWrapper<PaymentPage>;
  PaymentEdge: ResolverTypeWrapper<Omit<PaymentEdge, 'node'> & { node: ResolversTypes['Payment'] }>;
  PaymentNotConfirmable: ResolverTypeWrapper<PaymentNotConfirmable>;
  PaymentProvider: PaymentProvider;
  PaymentStatus: PaymentStatus;
  ProviderAnalytics: ResolverTypeWrapper<ProviderAnalytics>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Refund: ResolverTypeWrapper<Refund>;
  RefundNotPossible: ResolverTypeWrapper<RefundNotPossible>;
  RefundPaymentInput: RefundPaymentInput;
  RefundPaymentResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RefundPaymentResult']>;
  RefundStatus: RefundStatus;
  SafeInt: ResolverTypeWrapper<Scalars['SafeInt']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  User: ResolverTypeWrapper<{ id: string }>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AmountMismatch: AmountMismatch;
  String: Scalars['String']['output'];
  CheckoutSession: CheckoutSessionEntity;
  ID: Scalars['ID']['output'];
  ConfirmPaymentInput: ConfirmPaymentInput;
  ConfirmPaymentResult: ResolversUnionTypes<ResolversParentTypes>['ConfirmPaymentResult'];
  CreateCheckoutInput: CreateCheckoutInput;
  Boolean: Scalars['Boolean']['output'];
  CreateCheckoutResult: ResolversUnionTypes<ResolversParentTypes>['CreateCheckoutResult'];
  CurrencyAnalytics: CurrencyAnalytics;
  Int: Scalars['Int']['output'];
  Float: Scalars['Float']['output'];
  DateTime: Scalars['DateTime']['output'];
  DeadLetter: DeadLetter;
  DeadLetterConnection: DeadLetterPage;
  DeadLetterEdge: DeadLetterEdge;
  Error: ResolversInterfaceTypes<ResolversParentTypes>['Error'];
  IdempotencyConflict: IdempotencyConflict;
  InputIssue: InputIssue;
  InvalidInput: InvalidInput;
  Invoice: { id: string };
  InvoiceNotPayable: InvoiceNotPayable;
  Money: Money;
  MoneyInput: MoneyInput;
  Mutation: Record<PropertyKey, never>;
  Order: { id: string };
  OrderNotPayable: OrderNotPayable;
  PageInfo: PageInfo;
  PayInvoiceInput: PayInvoiceInput;
  PayInvoiceResult: ResolversUnionTypes<ResolversParentTypes>['PayInvoiceResult'];
  Payment: PaymentEntity;
  PaymentAnalytics: PaymentAnalytics;
  PaymentConnection: PaymentPage;
  PaymentEdge: Omit<PaymentEdge, 'node'> & { node: ResolversParentTypes['Payment'] };
  PaymentNotConfirmable: PaymentNotConfirmable;
  ProviderAnalytics: ProviderAnalytics;
  Query: Record<PropertyKey, never>;
  Refund: Refund;
  RefundNotPossible: RefundNotPossible;
  RefundPaymentInput: RefundPaymentInput;
  RefundPaymentResult: ResolversUnionTypes<ResolversParentTypes>['RefundPaymentResult'];
  SafeInt: Scalars['SafeInt']['output'];
  Subscription: Record<PropertyKey, never>;
  User: { id: string };
};

export type AmountMismatchResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['AmountMismatch'] = ResolversParentTypes['AmountMismatch']> = {
  due?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CheckoutSessionResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['CheckoutSession'] = ResolversParentTypes['CheckoutSession']> = {
  clientSecret?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  url?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ConfirmPaymentResultResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['ConfirmPaymentResult'] = ResolversParentTypes['ConfirmPaymentResult']> = {
  __resolveType: TypeResolveFn<'Payment' | 'PaymentNotConfirmable', ParentType, ContextType>;
};

export type CreateCheckoutResultResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['CreateCheckoutResult'] = ResolversParentTypes['CreateCheckoutResult']> = {
  __resolveType: TypeResolveFn<'CheckoutSession' | 'InvalidInput' | 'OrderNotPayable', ParentType, ContextType>;
};

export type CurrencyAnalyticsResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['CurrencyAnalytics'] = ResolversParentTypes['CurrencyAnalytics']> = {
  captured?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  failed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  payments?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  refunded?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  succeeded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  successRate?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeadLetterResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['DeadLetter'] = ResolversParentTypes['DeadLetter']> = {
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  correlationId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  error?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  failedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  payload?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type DeadLetterConnectionResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['DeadLetterConnection'] = ResolversParentTypes['DeadLetterConnection']> = {
  edges?: Resolver<Array<ResolversTypes['DeadLetterEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['DeadLetter']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type DeadLetterEdgeResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['DeadLetterEdge'] = ResolversParentTypes['DeadLetterEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['DeadLetter'], ParentType, ContextType>;
};

export type ErrorResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Error'] = ResolversParentTypes['Error']> = {
  __resolveType: TypeResolveFn<'AmountMismatch' | 'IdempotencyConflict' | 'InvalidInput' | 'InvoiceNotPayable' | 'OrderNotPayable' | 'PaymentNotConfirmable' | 'RefundNotPossible', ParentType, ContextType>;
};

export type IdempotencyConflictResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['IdempotencyConflict'] = ResolversParentTypes['IdempotencyConflict']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InputIssueResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['InputIssue'] = ResolversParentTypes['InputIssue']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type InvalidInputResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['InvalidInput'] = ResolversParentTypes['InvalidInput']> = {
  issues?: Resolver<Array<ResolversTypes['InputIssue']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InvoiceResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Invoice'] = ResolversParentTypes['Invoice'], FederationReferenceType extends FederationReferenceTypes['Invoice'] = FederationReferenceTypes['Invoice']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Invoice']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  payments?: Resolver<Array<ResolversTypes['Payment']>, ParentType, ContextType>;
};

export type InvoiceNotPayableResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['InvoiceNotPayable'] = ResolversParentTypes['InvoiceNotPayable']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MoneyResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['SafeInt'], ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  confirmPayment?: Resolver<ResolversTypes['ConfirmPaymentResult'], ParentType, ContextType, RequireFields<MutationConfirmPaymentArgs, 'input'>>;
  createCheckout?: Resolver<ResolversTypes['CreateCheckoutResult'], ParentType, ContextType, RequireFields<MutationCreateCheckoutArgs, 'input'>>;
  payInvoice?: Resolver<ResolversTypes['PayInvoiceResult'], ParentType, ContextType, RequireFields<MutationPayInvoiceArgs, 'input'>>;
  refundPayment?: Resolver<ResolversTypes['RefundPaymentResult'], ParentType, ContextType, RequireFields<MutationRefundPaymentArgs, 'input'>>;
  replayPaymentsDeadLetter?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType, RequireFields<MutationReplayPaymentsDeadLetterArgs, 'id'>>;
};

export type OrderResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order'], FederationReferenceType extends FederationReferenceTypes['Order'] = FederationReferenceTypes['Order']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Order']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  payments?: Resolver<Array<ResolversTypes['Payment']>, ParentType, ContextType>;
};

export type OrderNotPayableResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['OrderNotPayable'] = ResolversParentTypes['OrderNotPayable']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type PayInvoiceResultResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['PayInvoiceResult'] = ResolversParentTypes['PayInvoiceResult']> = {
  __resolveType: TypeResolveFn<'AmountMismatch' | 'IdempotencyConflict' | 'InvalidInput' | 'InvoiceNotPayable' | 'Payment', ParentType, ContextType>;
};

export type PaymentResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Payment'] = ResolversParentTypes['Payment'], FederationReferenceType extends FederationReferenceTypes['Payment'] = FederationReferenceTypes['Payment']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Payment']> | FederationReferenceType, FederationReferenceType, ContextType>;
  amount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  clientSecret?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  failureCode?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  failureMessage?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  invoice?: Resolver<Maybe<ResolversTypes['Invoice']>, ParentType, ContextType>;
  nextActionUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  provider?: Resolver<ResolversTypes['PaymentProvider'], ParentType, ContextType>;
  providerReference?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  refundedAmount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  refunds?: Resolver<Array<ResolversTypes['Refund']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PaymentStatus'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PaymentAnalyticsResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['PaymentAnalytics'] = ResolversParentTypes['PaymentAnalytics']> = {
  byCurrency?: Resolver<Array<ResolversTypes['CurrencyAnalytics']>, ParentType, ContextType>;
  byProvider?: Resolver<Array<ResolversTypes['ProviderAnalytics']>, ParentType, ContextType>;
  from?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  to?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  webhooksProcessed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PaymentConnectionResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['PaymentConnection'] = ResolversParentTypes['PaymentConnection']> = {
  edges?: Resolver<Array<ResolversTypes['PaymentEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Payment']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PaymentEdgeResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['PaymentEdge'] = ResolversParentTypes['PaymentEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Payment'], ParentType, ContextType>;
};

export type PaymentNotConfirmableResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['PaymentNotConfirmable'] = ResolversParentTypes['PaymentNotConfirmable']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ProviderAnalyticsResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['ProviderAnalytics'] = ResolversParentTypes['ProviderAnalytics']> = {
  failed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  provider?: Resolver<ResolversTypes['PaymentProvider'], ParentType, ContextType>;
  succeeded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  payment?: Resolver<Maybe<ResolversTypes['Payment']>, ParentType, ContextType, RequireFields<QueryPaymentArgs, 'id'>>;
  paymentAnalytics?: Resolver<ResolversTypes['PaymentAnalytics'], ParentType, ContextType, RequireFields<QueryPaymentAnalyticsArgs, 'from' | 'to'>>;
  payments?: Resolver<ResolversTypes['PaymentConnection'], ParentType, ContextType, RequireFields<QueryPaymentsArgs, 'first'>>;
  paymentsDeadLetters?: Resolver<ResolversTypes['DeadLetterConnection'], ParentType, ContextType, RequireFields<QueryPaymentsDeadLettersArgs, 'first'>>;
};

export type RefundResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Refund'] = ResolversParentTypes['Refund']> = {
  amount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  external?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['RefundStatus'], ParentType, ContextType>;
};

export type RefundNotPossibleResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['RefundNotPossible'] = ResolversParentTypes['RefundNotPossible']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  refundable?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RefundPaymentResultResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['RefundPaymentResult'] = ResolversParentTypes['RefundPaymentResult']> = {
  __resolveType: TypeResolveFn<'IdempotencyConflict' | 'InvalidInput' | 'Payment' | 'RefundNotPossible', ParentType, ContextType>;
};

export interface SafeIntScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['SafeInt'], any> {
  name: 'SafeInt';
}

export type SubscriptionResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  paymentUpdated?: SubscriptionResolver<ResolversTypes['Payment'], "paymentUpdated", ParentType, ContextType, Partial<SubscriptionPaymentUpdatedArgs>>;
};

export type UserResolvers<ContextType = PaymentsContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User'], FederationReferenceType extends FederationReferenceTypes['User'] = FederationReferenceTypes['User']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['User']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  payments?: Resolver<ResolversTypes['PaymentConnection'], ParentType, ContextType, RequireFields<UserPaymentsArgs, 'first'>>;
};

export type Resolvers<ContextType = PaymentsContext> = {
  AmountMismatch?: AmountMismatchResolvers<ContextType>;
  CheckoutSession?: CheckoutSessionResolvers<ContextType>;
  ConfirmPaymentResult?: ConfirmPaymentResultResolvers<ContextType>;
  CreateCheckoutResult?: CreateCheckoutResultResolvers<ContextType>;
  CurrencyAnalytics?: CurrencyAnalyticsResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeadLetter?: DeadLetterResolvers<ContextType>;
  DeadLetterConnection?: DeadLetterConnectionResolvers<ContextType>;
  DeadLetterEdge?: DeadLetterEdgeResolvers<ContextType>;
  Error?: ErrorResolvers<ContextType>;
  IdempotencyConflict?: IdempotencyConflictResolvers<ContextType>;
  InputIssue?: InputIssueResolvers<ContextType>;
  InvalidInput?: InvalidInputResolvers<ContextType>;
  Invoice?: InvoiceResolvers<ContextType>;
  InvoiceNotPayable?: InvoiceNotPayableResolvers<ContextType>;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderNotPayable?: OrderNotPayableResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PayInvoiceResult?: PayInvoiceResultResolvers<ContextType>;
  Payment?: PaymentResolvers<ContextType>;
  PaymentAnalytics?: PaymentAnalyticsResolvers<ContextType>;
  PaymentConnection?: PaymentConnectionResolvers<ContextType>;
  PaymentEdge?: PaymentEdgeResolvers<ContextType>;
  PaymentNotConfirmable?: PaymentNotConfirmableResolvers<ContextType>;
  ProviderAnalytics?: ProviderAnalyticsResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Refund?: RefundResolvers<ContextType>;
  RefundNotPossible?: RefundNotPossibleResolvers<ContextType>;
  RefundPaymentResult?: RefundPaymentResultResolvers<ContextType>;
  SafeInt?: GraphQLScalarType;
  Subscription?: SubscriptionResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
};

