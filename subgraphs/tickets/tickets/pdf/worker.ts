import { answerRenderings } from '#shared/documents/render-thread.ts';
import { drawTicket } from './ticket-page.ts';

answerRenderings(drawTicket);
