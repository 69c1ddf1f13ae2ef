import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { DeadLetterPage } from '../../subgraphs/shared/messaging/dead-letters.ts';
import type { Event as EventEntity } from '../../subgraphs/tickets/events/event.entity.ts';
import type { EventPage } from '../../subgraphs/tickets/events/events.ts';
import type { Product as ProductEntity } from '../../subgraphs/tickets/events/product.entity.ts';
import type { Ticket as TicketEntity } from '../../subgraphs/tickets/tickets/ticket.entity.ts';
import type { Scan as ScanEntity } from '../../subgraphs/tickets/admission/scan.entity.ts';
import type { Shipment as ShipmentEntity, ShipmentLine as ShipmentLineEntity } from '../../subgraphs/tickets/fulfil/shipment.entity.ts';
import type { TicketsContext } from '../../subgraphs/tickets/services.ts';
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

export type CreateEventInput = {
  description?: InputMaybe<Scalars['String']['input']>;
  endsAt: Scalars['DateTime']['input'];
  startsAt: Scalars['DateTime']['input'];
  /** IANA name. */
  timezone: Scalars['String']['input'];
  title: Scalars['String']['input'];
  /** When the doors open: a scan before that answers NOT_YET_VALID. Null: any time. */
  validFrom?: InputMaybe<Scalars['DateTime']['input']>;
  venue?: InputMaybe<Scalars['String']['input']>;
};

export type CreateEventResult = Event | InvalidInput;

export type CreateProductInput = {
  /** How many exist in all. */
  capacity: Scalars['Int']['input'];
  eventId: Scalars['ID']['input'];
  kind: ProductKind;
  maxPerOrder?: InputMaybe<Scalars['Int']['input']>;
  name: Scalars['String']['input'];
  price: MoneyInput;
  /** A fraction from 0 to 1. */
  taxRate: Scalars['Float']['input'];
};

export type CreateProductResult = InvalidInput | Product;

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

/** What people attend. Published events are public; drafts are visible to their organizer and administrators. */
export type Event = {
  __typename?: 'Event';
  description: Maybe<Scalars['String']['output']>;
  endsAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  organizer: User;
  products: Array<Product>;
  /** Ed25519 public key, base64url of its 32 bytes: verifies the event's QR codes offline. */
  publicKey: Scalars['String']['output'];
  /** Unique, for addresses. */
  slug: Scalars['String']['output'];
  startsAt: Scalars['DateTime']['output'];
  status: EventStatus;
  /** IANA time zone of the venue, e.g. `Europe/Paris`. */
  timezone: Scalars['String']['output'];
  title: Scalars['String']['output'];
  /** Tickets are accepted from here on; null: at any time. They expire 6 hours after `endsAt`. */
  validFrom: Maybe<Scalars['DateTime']['output']>;
  venue: Maybe<Scalars['String']['output']>;
};

export type EventConnection = {
  __typename?: 'EventConnection';
  edges: Array<EventEdge>;
  nodes: Array<Event>;
  pageInfo: PageInfo;
  totalCount: Scalars['Int']['output'];
};

export type EventEdge = {
  __typename?: 'EventEdge';
  cursor: Scalars['String']['output'];
  node: Event;
};

/** The event cannot be published: it has no product, has ended, or was canceled. */
export type EventNotPublishable = Error & {
  __typename?: 'EventNotPublishable';
  message: Scalars['String']['output'];
};

export type EventStatus =
  | 'CANCELED'
  | 'DRAFT'
  | 'PUBLISHED';

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
  /** Creates an event as a DRAFT. Rights: organizer or administrator. */
  createEvent: CreateEventResult;
  /** Adds a product with its own quota to an event. Rights: the event's organizer or an administrator. */
  createProduct: CreateProductResult;
  /** Makes an event public and its products orderable. Publishing twice changes nothing. */
  publishEvent: PublishEventResult;
  /** Hands a dead letter to its handler again. Rights: administrator. */
  replayTicketsDeadLetter: Scalars['Boolean']['output'];
  /** Uses a ticket at the door. Every attempt is recorded. Rights: staff, the event's organizer, administrators. */
  scanTicket: ScanTicketResult;
};


export type MutationCreateEventArgs = {
  input: CreateEventInput;
};


export type MutationCreateProductArgs = {
  input: CreateProductInput;
};


export type MutationPublishEventArgs = {
  eventId: Scalars['ID']['input'];
};


export type MutationReplayTicketsDeadLetterArgs = {
  id: Scalars['ID']['input'];
};


export type MutationScanTicketArgs = {
  input: ScanTicketInput;
};

export type Order = {
  __typename?: 'Order';
  id: Scalars['ID']['output'];
  /** The parcel with the order's goods; null when there are none or nothing is scheduled yet. */
  shipment: Maybe<Shipment>;
  /** The tickets issued for the order, once it is paid. */
  tickets: Array<Ticket>;
};

export type PageInfo = {
  __typename?: 'PageInfo';
  endCursor: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
};

export type Product = {
  __typename?: 'Product';
  /** How many can be ordered now: the least over the product's quotas, never negative. */
  available: Scalars['Int']['output'];
  event: Event;
  id: Scalars['ID']['output'];
  kind: ProductKind;
  maxPerOrder: Scalars['Int']['output'];
  name: Scalars['String']['output'];
  /** What the buyer pays for one, tax included. */
  price: Money;
  /** A fraction: 0.2 is 20 %. */
  taxRate: Scalars['Float']['output'];
};

export type ProductKind =
  /** Entry: each unit becomes a ticket. */
  | 'ADMISSION'
  /** Goods: each order line is shipped. */
  | 'MERCHANDISE';

export type PublishEventResult = Event | EventNotPublishable;

export type Query = {
  __typename?: 'Query';
  /** A published event by id or slug (exactly one of them). */
  event: Maybe<Event>;
  /** Published events, and the viewer's own drafts, newest first. `first` is at most 100. */
  events: EventConnection;
  product: Maybe<Product>;
  /** A ticket by id. Rights: its buyer, the event's organizer, staff, administrators; otherwise NOT_FOUND. */
  ticket: Maybe<Ticket>;
  /** Messages and jobs of tickets that kept failing. Rights: administrator. */
  ticketsDeadLetters: DeadLetterConnection;
};


export type QueryEventArgs = {
  id: InputMaybe<Scalars['ID']['input']>;
  slug: InputMaybe<Scalars['String']['input']>;
};


export type QueryEventsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryProductArgs = {
  id: Scalars['ID']['input'];
};


export type QueryTicketArgs = {
  id: Scalars['ID']['input'];
};


export type QueryTicketsDeadLettersArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** One attempt to use a ticket, accepted or refused. */
export type Scan = {
  __typename?: 'Scan';
  id: Scalars['ID']['output'];
  location: Maybe<Scalars['String']['output']>;
  operator: User;
  result: ScanResult;
  scannedAt: Scalars['DateTime']['output'];
  /** Null when the code could not be read as a ticket of ours. */
  ticket: Maybe<Ticket>;
};

export type ScanOutcome = {
  __typename?: 'ScanOutcome';
  /** What to tell the guest. */
  message: Scalars['String']['output'];
  result: ScanResult;
  scan: Scan;
  ticket: Maybe<Ticket>;
};

export type ScanResult =
  | 'ACCEPTED'
  | 'ALREADY_REDEEMED'
  | 'EXPIRED'
  | 'INVALID'
  | 'NOT_YET_VALID'
  | 'REVOKED'
  | 'UNPAID'
  | 'WRONG_EVENT';

export type ScanTicketInput = {
  /** The event whose door this is. */
  eventId: Scalars['ID']['input'];
  location?: InputMaybe<Scalars['String']['input']>;
  /** Chosen by the scanner, unique per attempt: a repeated nonce answers the same and adds nothing. */
  nonce: Scalars['String']['input'];
  /** The text read from the QR code. */
  qrCode: Scalars['String']['input'];
};

export type ScanTicketResult = InvalidInput | ScanOutcome;

/** The goods of an order on their way. */
export type Shipment = {
  __typename?: 'Shipment';
  id: Scalars['ID']['output'];
  lines: Array<ShipmentLine>;
  scheduledAt: Scalars['DateTime']['output'];
  status: ShipmentStatus;
};

export type ShipmentLine = {
  __typename?: 'ShipmentLine';
  product: Product;
  quantity: Scalars['Int']['output'];
};

export type ShipmentStatus =
  | 'CANCELED'
  | 'SCHEDULED'
  | 'SHIPPED';

export type Subscription = {
  __typename?: 'Subscription';
  /** The event's products whenever their availability changes, the current state first. */
  availabilityChanged: Array<Product>;
  /** Each scan at the event's doors. Rights: staff, the event's organizer, administrators. */
  ticketScanned: Scan;
};


export type SubscriptionAvailabilityChangedArgs = {
  eventId: Scalars['ID']['input'];
};


export type SubscriptionTicketScannedArgs = {
  eventId: Scalars['ID']['input'];
};

/** The right to enter once. Visible to its buyer, the event's organizer, door staff and administrators. */
export type Ticket = {
  __typename?: 'Ticket';
  /** Unique, for people to read out, e.g. `TKT-7Q4M-9X2C`. */
  code: Scalars['String']['output'];
  event: Event;
  guestName: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  issuedAt: Scalars['DateTime']['output'];
  order: Order;
  /** The ticket as PDF, behind a signed address valid for 15 minutes. Null once revoked. */
  pdfUrl: Maybe<Scalars['String']['output']>;
  product: Product;
  /** Text of the QR code: version, ids and an Ed25519 signature, base64url. Verified with `Event.publicKey`. */
  qrCode: Scalars['String']['output'];
  redeemedAt: Maybe<Scalars['DateTime']['output']>;
  /** Every attempt to use the ticket, newest first. Rights: staff, the event's organizer, administrators; empty for others. */
  scans: Array<Scan>;
  status: TicketStatus;
};

export type TicketStatus =
  | 'REDEEMED'
  | 'REVOKED'
  | 'VALID';

export type User = {
  __typename?: 'User';
  id: Scalars['ID']['output'];
  /** The user's tickets, newest first. Rights: oneself or an administrator; empty for others. */
  tickets: Array<Ticket>;
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
  Event: Event;
  Order: Order;
  Product: Product;
  Shipment: Shipment;
  Ticket: Ticket;
  User: User;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Event:
    ( { __typename: 'Event' }
    & GraphQLRecursivePick<FederationTypes['Event'], {"id":true}> );
  Order:
    ( { __typename: 'Order' }
    & GraphQLRecursivePick<FederationTypes['Order'], {"id":true}> );
  Product:
    ( { __typename: 'Product' }
    & GraphQLRecursivePick<FederationTypes['Product'], {"id":true}> );
  Shipment:
    ( { __typename: 'Shipment' }
    & GraphQLRecursivePick<FederationTypes['Shipment'], {"id":true}> );
  Ticket:
    ( { __typename: 'Ticket' }
    & GraphQLRecursivePick<FederationTypes['Ticket'], {"id":true}> );
  User:
    ( { __typename: 'User' }
    & GraphQLRecursivePick<FederationTypes['User'], {"id":true}> );
};

/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  CreateEventResult:
    | ( EventEntity )
    | ( InvalidInput )
  ;
  CreateProductResult:
    | ( InvalidInput )
    | ( ProductEntity )
  ;
  PublishEventResult:
    | ( EventEntity )
    | ( EventNotPublishable )
  ;
  ScanTicketResult:
    | ( InvalidInput )
    | ( Omit<ScanOutcome, 'scan' | 'ticket'> & { scan: _RefType['Scan'], ticket?: Maybe<_RefType['Ticket']> } )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Error:
    | ( EventNotPublishable )
    | ( IdempotencyConflict )
    | ( InvalidInput )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  CreateEventInput: CreateEventInput;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  CreateEventResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateEventResult']>;
  CreateProductInput: CreateProductInput;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  CreateProductResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateProductResult']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeadLetter: ResolverTypeWrapper<DeadLetter>;
  DeadLetterConnection: ResolverTypeWrapper<DeadLetterPage>;
  DeadLetterEdge: ResolverTypeWrapper<DeadLetterEdge>;
  Error: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Error']>;
  Event: ResolverTypeWrapper<EventEntity>;
  EventConnection: ResolverTypeWrapper<EventPage>;
  EventEdge: ResolverTypeWrapper<Omit<EventEdge, 'node'> & { node: ResolversTypes['Event'] }>;
  EventNotPublishable: ResolverTypeWrapper<EventNotPublishable>;
  EventStatus: EventStatus;
  IdempotencyConflict: ResolverTypeWrapper<IdempotencyConflict>;
  InputIssue: ResolverTypeWrapper<InputIssue>;
  InvalidInput: ResolverTypeWrapper<InvalidInput>;
  Money: ResolverTypeWrapper<Money>;
  MoneyInput: MoneyInput;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Order: ResolverTypeWrapper<{ id: string }>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Product: ResolverTypeWrapper<ProductEntity>;
  ProductKind: ProductKind;
  PublishEventResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['PublishEventResult']>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  SafeInt: ResolverTypeWrapper<Scalars['SafeInt']['output']>;
  Scan: ResolverTypeWrapper<ScanEntity>;
  ScanOutcome: ResolverTypeWrapper<Omit<ScanOutcome, 'scan' | 'ticket'> & { scan: ResolversTypes['Scan'], ticket?: Maybe<ResolversTypes['Ticket']> }>;
  ScanResult: ScanResult;
  ScanTicketInput: ScanTicketInput;
  ScanTicketResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ScanTicketResult']>;
  Shipment: ResolverTypeWrapper<ShipmentEntity>;
  ShipmentLine: ResolverTypeWrapper<ShipmentLineEntity>;
  ShipmentStatus: ShipmentStatus;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Ticket: ResolverTypeWrapper<TicketEntity>;
  TicketStatus: TicketStatus;
  User: ResolverTypeWrapper<{ id: string }>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  CreateEventInput: CreateEventInput;
  String: Scalars['String']['output'];
  CreateEventResult: ResolversUnionTypes<ResolversParentTypes>['CreateEventResult'];
  CreateProductInput: CreateProductInput;
  Int: Scalars['Int']['output'];
  ID: Scalars['ID']['output'];
  Float: Scalars['Float']['output'];
  CreateProductResult: ResolversUnionTypes<ResolversParentTypes>['CreateProductResult'];
  DateTime: Scalars['DateTime']['output'];
  DeadLetter: DeadLetter;
  DeadLetterConnection: DeadLetterPage;
  DeadLetterEdge: DeadLetterEdge;
  Error: ResolversInterfaceTypes<ResolversParentTypes>['Error'];
  Event: EventEntity;
  EventConnection: EventPage;
  EventEdge: Omit<EventEdge, 'node'> & { node: ResolversParentTypes['Event'] };
  EventNotPublishable: EventNotPublishable;
  IdempotencyConflict: IdempotencyConflict;
  InputIssue: InputIssue;
  InvalidInput: InvalidInput;
  Money: Money;
  MoneyInput: MoneyInput;
  Mutation: Record<PropertyKey, never>;
  Boolean: Scalars['Boolean']['output'];
  Order: { id: string };
  PageInfo: PageInfo;
  Product: ProductEntity;
  PublishEventResult: ResolversUnionTypes<ResolversParentTypes>['PublishEventResult'];
  Query: Record<PropertyKey, never>;
  SafeInt: Scalars['SafeInt']['output'];
  Scan: ScanEntity;
  ScanOutcome: Omit<ScanOutcome, 'scan' | 'ticket'> & { scan: ResolversParentTypes['Scan'], ticket?: Maybe<ResolversParentTypes['Ticket']> };
  ScanTicketInput: ScanTicketInput;
  ScanTicketResult: ResolversUnionTypes<ResolversParentTypes>['ScanTicketResult'];
  Shipment: ShipmentEntity;
  ShipmentLine: ShipmentLineEntity;
  Subscription: Record<PropertyKey, never>;
  Ticket: TicketEntity;
  User: { id: string };
};

export type CreateEventResultResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['CreateEventResult'] = ResolversParentTypes['CreateEventResult']> = {
  __resolveType: TypeResolveFn<'Event' | 'InvalidInput', ParentType, ContextType>;
};

export type CreateProductResultResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['CreateProductResult'] = ResolversParentTypes['CreateProductResult']> = {
  __resolveType: TypeResolveFn<'InvalidInput' | 'Product', ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeadLetterResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['DeadLetter'] = ResolversParentTypes['DeadLetter']> = {
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  correlationId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  error?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  failedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  payload?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type DeadLetterConnectionResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['DeadLetterConnection'] = ResolversParentTypes['DeadLetterConnection']> = {
  edges?: Resolver<Array<ResolversTypes['DeadLetterEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['DeadLetter']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type DeadLetterEdgeResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['DeadLetterEdge'] = ResolversParentTypes['DeadLetterEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['DeadLetter'], ParentType, ContextType>;
};

export type ErrorResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Error'] = ResolversParentTypes['Error']> = {
  __resolveType: TypeResolveFn<'EventNotPublishable' | 'IdempotencyConflict' | 'InvalidInput', ParentType, ContextType>;
};

export type EventResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Event'] = ResolversParentTypes['Event'], FederationReferenceType extends FederationReferenceTypes['Event'] = FederationReferenceTypes['Event']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Event']> | FederationReferenceType, FederationReferenceType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  organizer?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  products?: Resolver<Array<ResolversTypes['Product']>, ParentType, ContextType>;
  publicKey?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  slug?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  startsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['EventStatus'], ParentType, ContextType>;
  timezone?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  validFrom?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  venue?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EventConnectionResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['EventConnection'] = ResolversParentTypes['EventConnection']> = {
  edges?: Resolver<Array<ResolversTypes['EventEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Event']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type EventEdgeResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['EventEdge'] = ResolversParentTypes['EventEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Event'], ParentType, ContextType>;
};

export type EventNotPublishableResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['EventNotPublishable'] = ResolversParentTypes['EventNotPublishable']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type IdempotencyConflictResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['IdempotencyConflict'] = ResolversParentTypes['IdempotencyConflict']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InputIssueResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['InputIssue'] = ResolversParentTypes['InputIssue']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type InvalidInputResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['InvalidInput'] = ResolversParentTypes['InvalidInput']> = {
  issues?: Resolver<Array<ResolversTypes['InputIssue']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MoneyResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['SafeInt'], ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  createEvent?: Resolver<ResolversTypes['CreateEventResult'], ParentType, ContextType, RequireFields<MutationCreateEventArgs, 'input'>>;
  createProduct?: Resolver<ResolversTypes['CreateProductResult'], ParentType, ContextType, RequireFields<MutationCreateProductArgs, 'input'>>;
  publishEvent?: Resolver<ResolversTypes['PublishEventResult'], ParentType, ContextType, RequireFields<MutationPublishEventArgs, 'eventId'>>;
  replayTicketsDeadLetter?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType, RequireFields<MutationReplayTicketsDeadLetterArgs, 'id'>>;
  scanTicket?: Resolver<ResolversTypes['ScanTicketResult'], ParentType, ContextType, RequireFields<MutationScanTicketArgs, 'input'>>;
};

export type OrderResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order'], FederationReferenceType extends FederationReferenceTypes['Order'] = FederationReferenceTypes['Order']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Order']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  shipment?: Resolver<Maybe<ResolversTypes['Shipment']>, ParentType, ContextType>;
  tickets?: Resolver<Array<ResolversTypes['Ticket']>, ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type ProductResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Product'] = ResolversParentTypes['Product'], FederationReferenceType extends FederationReferenceTypes['Product'] = FederationReferenceTypes['Product']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Product']> | FederationReferenceType, FederationReferenceType, ContextType>;
  available?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  event?: Resolver<ResolversTypes['Event'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ProductKind'], ParentType, ContextType>;
  maxPerOrder?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  price?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  taxRate?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PublishEventResultResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['PublishEventResult'] = ResolversParentTypes['PublishEventResult']> = {
  __resolveType: TypeResolveFn<'Event' | 'EventNotPublishable', ParentType, ContextType>;
};

export type QueryResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  event?: Resolver<Maybe<ResolversTypes['Event']>, ParentType, ContextType, Partial<QueryEventArgs>>;
  events?: Resolver<ResolversTypes['EventConnection'], ParentType, ContextType, RequireFields<QueryEventsArgs, 'first'>>;
  product?: Resolver<Maybe<ResolversTypes['Product']>, ParentType, ContextType, RequireFields<QueryProductArgs, 'id'>>;
  ticket?: Resolver<Maybe<ResolversTypes['Ticket']>, ParentType, ContextType, RequireFields<QueryTicketArgs, 'id'>>;
  ticketsDeadLetters?: Resolver<ResolversTypes['DeadLetterConnection'], ParentType, ContextType, RequireFields<QueryTicketsDeadLettersArgs, 'first'>>;
};

export interface SafeIntScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['SafeInt'], any> {
  name: 'SafeInt';
}

export type ScanResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Scan'] = ResolversParentTypes['Scan']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  location?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  operator?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  result?: Resolver<ResolversTypes['ScanResult'], ParentType, ContextType>;
  scannedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  ticket?: Resolver<Maybe<ResolversTypes['Ticket']>, ParentType, ContextType>;
};

export type ScanOutcomeResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['ScanOutcome'] = ResolversParentTypes['ScanOutcome']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  result?: Resolver<ResolversTypes['ScanResult'], ParentType, ContextType>;
  scan?: Resolver<ResolversTypes['Scan'], ParentType, ContextType>;
  ticket?: Resolver<Maybe<ResolversTypes['Ticket']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ScanTicketResultResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['ScanTicketResult'] = ResolversParentTypes['ScanTicketResult']> = {
  __resolveType: TypeResolveFn<'InvalidInput' | 'ScanOutcome', ParentType, ContextType>;
};

export type ShipmentResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Shipment'] = ResolversParentTypes['Shipment'], FederationReferenceType extends FederationReferenceTypes['Shipment'] = FederationReferenceTypes['Shipment']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Shipment']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lines?: Resolver<Array<ResolversTypes['ShipmentLine']>, ParentType, ContextType>;
  scheduledAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['ShipmentStatus'], ParentType, ContextType>;
};

export type ShipmentLineResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['ShipmentLine'] = ResolversParentTypes['ShipmentLine']> = {
  product?: Resolver<ResolversTypes['Product'], ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  availabilityChanged?: SubscriptionResolver<Array<ResolversTypes['Product']>, "availabilityChanged", ParentType, ContextType, RequireFields<SubscriptionAvailabilityChangedArgs, 'eventId'>>;
  ticketScanned?: SubscriptionResolver<ResolversTypes['Scan'], "ticketScanned", ParentType, ContextType, RequireFields<SubscriptionTicketScannedArgs, 'eventId'>>;
};

export type TicketResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['Ticket'] = ResolversParentTypes['Ticket'], FederationReferenceType extends FederationReferenceTypes['Ticket'] = FederationReferenceTypes['Ticket']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Ticket']> | FederationReferenceType, FederationReferenceType, ContextType>;
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  event?: Resolver<ResolversTypes['Event'], ParentType, ContextType>;
  guestName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  issuedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  order?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
  pdfUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  product?: Resolver<ResolversTypes['Product'], ParentType, ContextType>;
  qrCode?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  redeemedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  scans?: Resolver<Array<ResolversTypes['Scan']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['TicketStatus'], ParentType, ContextType>;
};

export type UserResolvers<ContextType = TicketsContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User'], FederationReferenceType extends FederationReferenceTypes['User'] = FederationReferenceTypes['User']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['User']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  tickets?: Resolver<Array<ResolversTypes['Ticket']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = TicketsContext> = {
  CreateEventResult?: CreateEventResultResolvers<ContextType>;
  CreateProductResult?: CreateProductResultResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeadLetter?: DeadLetterResolvers<ContextType>;
  DeadLetterConnection?: DeadLetterConnectionResolvers<ContextType>;
  DeadLetterEdge?: DeadLetterEdgeResolvers<ContextType>;
  Error?: ErrorResolvers<ContextType>;
  Event?: EventResolvers<ContextType>;
  EventConnection?: EventConnectionResolvers<ContextType>;
  EventEdge?: EventEdgeResolvers<ContextType>;
  EventNotPublishable?: EventNotPublishableResolvers<ContextType>;
  IdempotencyConflict?: IdempotencyConflictResolvers<ContextType>;
  InputIssue?: InputIssueResolvers<ContextType>;
  InvalidInput?: InvalidInputResolvers<ContextType>;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Product?: ProductResolvers<ContextType>;
  PublishEventResult?: PublishEventResultResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  SafeInt?: GraphQLScalarType;
  Scan?: ScanResolvers<ContextType>;
  ScanOutcome?: ScanOutcomeResolvers<ContextType>;
  ScanTicketResult?: ScanTicketResultResolvers<ContextType>;
  Shipment?: ShipmentResolvers<ContextType>;
  ShipmentLine?: ShipmentLineResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  Ticket?: TicketResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
};

