import { mailServerFault, publicUrlFault, senderFault } from '#shared/kernel/production.ts';
import { type Environment, readSubgraphSettings } from '#shared/kernel/settings.ts';

/** Settings of the notifications subgraph. */
export function readNotificationsSettings(env: Environment) {
  return readSubgraphSettings('notifications', env, k => ({
    /** The mail server, e.g. `smtps://user:password@smtp.example.org`. */
    SMTP_URL: k.url('smtp://127.0.0.1:1025', mailServerFault),
    /** A second mail server, for mail that the first one refused or could not be given. */
    SMTP_FALLBACK_URL: k.optionalUrl(mailServerFault),
    /**
     * Seconds for which a mail server may stay silent. Long, because giving up after DATA leaves the outcome unknown.
     */
    SMTP_TIMEOUT: k.number(60, { min: 1, max: 600 }),
    MAIL_FROM: k.own('Guichet <billets@guichet.test>', senderFault),
    /** The address at which the tickets subgraph serves its files. */
    TICKETS_URL: k.subgraphUrl('tickets'),
    /** The beginning of every link in an email. */
    PUBLIC_URL: k.url('http://localhost:4000', publicUrlFault),
  }));
}
export type NotificationsSettings = ReturnType<typeof readNotificationsSettings>;
