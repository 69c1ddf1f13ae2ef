import type { Event } from '../events/event.entity.ts';
import type { Ticket } from '../tickets/ticket.entity.ts';
import type { ScanResult } from './scan.entity.ts';

/**
 * What the operator tells the guest. `admits` is the event that the ticket is for. The same scan gives the same text.
 */
export function explainScan(
  result: ScanResult,
  event: Event,
  ticket: Ticket | null,
  admits: Event | null,
): string {
  const at = (date: Date) => event.localTime(date, 'en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  switch (result) {
    case 'ACCEPTED':
      return `Welcome, ${ticket!.guestName}.`;
    case 'ALREADY_REDEEMED':
      return `This ticket was used already${ticket?.redeemedAt ? `, on ${at(ticket.redeemedAt)}` : ''}.`;
    case 'WRONG_EVENT':
      return `This ticket is for another event${admits && admits.status !== 'DRAFT' ? `: ${admits.title}` : ''}.`;
    case 'REVOKED':
      return 'This ticket was canceled and is not valid any more.';
    case 'NOT_YET_VALID':
      return `The doors are not open yet${event.validFrom ? `: this ticket is valid from ${at(event.validFrom)}` : ''}.`;
    case 'EXPIRED':
      return `The event is over: it ended on ${at(event.endsAt)}.`;
    case 'UNPAID':
      return 'This ticket has not been paid for.';
    case 'INVALID':
      return 'This code is not a valid ticket. Ask for the original, or look the guest up by name.';
  }
}
