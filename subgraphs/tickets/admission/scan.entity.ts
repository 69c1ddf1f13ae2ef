import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';

/** `UNPAID` belongs to the contract but is never the answer here, because tickets are issued for paid orders only. */
export type ScanResult =
  | 'ACCEPTED'
  | 'ALREADY_REDEEMED'
  | 'INVALID'
  | 'WRONG_EVENT'
  | 'REVOKED'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'UNPAID';

const ScanSchema = defineEntity({
  name: 'Scan',
  tableName: 'scans',
  properties: {
    id: p.uuid().primary(),
    eventId: p.uuid(),
    nonce: p.text(),
    codeHash: p.blob(),
    /** Null when the code could not be read as one of our tickets. */
    ticketId: p.uuid().nullable(),
    result: p.text().$type<ScanResult>(),
    operatorId: p.uuid(),
    location: p.text().nullable(),
    scannedAt: p.datetime(),
  },
});

export class Scan extends ScanSchema.class {
  declare [OptionalProps]?: 'operator';

  get operator() {
    return { __typename: 'User' as const, id: this.operatorId };
  }
}
ScanSchema.setClass(Scan);
