/**
 * The promises, judged from outside. Each judge is a pure function over the evidence: it compares what the databases,
 * the provider and the mailbox say at the end with what clients were told during the run.
 */
import type { Evidence, Finding } from './judges/evidence.ts';
import { judgeAcknowledged, judgeHistory } from './judges/history.ts';
import { judgeMails, judgeMessages, judgeRest, judgeService } from './judges/messages.ts';
import { judgeCaptures, judgeDocuments, judgeMoney } from './judges/money.ts';
import { judgeDoors, judgeStock, judgeTickets } from './judges/stock.ts';

export interface Judgement {
  findings: Finding[];
  /** Something that looks wrong but is not, e.g. an email that was sent again because its connection was cut. */
  allowed: string[];
}

export function judge(evidence: Evidence): Judgement {
  const mails = judgeMails(evidence);
  return {
    findings: [
      ...judgeCaptures(evidence),
      ...judgeMoney(evidence),
      ...judgeStock(evidence),
      ...judgeHistory(evidence),
      ...judgeMessages(evidence),
      ...judgeDocuments(evidence),
      ...judgeTickets(evidence),
      ...judgeDoors(evidence),
      ...mails.findings,
      ...judgeAcknowledged(evidence),
      ...judgeRest(evidence),
      ...judgeService(evidence),
    ],
    allowed: mails.allowed,
  };
}
