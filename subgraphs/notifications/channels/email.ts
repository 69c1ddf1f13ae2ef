/** Hands mail to an SMTP server, and finds out as much as possible about what happened to it. */
import type { Readable } from 'node:stream';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { SMTPError as SmtpError } from 'nodemailer/lib/smtp-connection';
import type { Options as PoolOptions } from 'nodemailer/lib/smtp-pool';
import type { NotificationsSettings } from '../settings.ts';

export interface Mail {
  messageId: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  attachments: { filename: string; content: Buffer; contentType: string }[];
}

/**
 * The outcome of a try. `refused`: the server will never take this message (5xx). `not-sent`: the server has certainly
 * not taken it, and may take it the next time. `unknown`: the whole message was handed over and no answer came.
 */
export type Outcome =
  | { kind: 'accepted'; provider: string }
  | { kind: 'refused' | 'not-sent' | 'unknown'; reason: string };

export interface Mailer {
  /** Never throws. `attempt` counts from 1. */
  send(mail: Mail, attempt: number): Promise<Outcome>;
  /** A Message-ID (RFC 5322) that is the same at each try, so that mailboxes can recognize a repeated message. */
  messageIdOf(notificationId: string): string;
  /** Closes the connections, also those to servers whose answer is still awaited. */
  close(): void;
}

/** Enough for all jobs that run at a time (`jobs.ts`): no job waits for the connection of another. */
const CONNECTIONS = 15;
/** Shorter than the idle time after which mail servers commonly close a connection. */
const IDLE_MS = 30_000;
const CONNECT_MS = 10_000;
/** From this try on, a server that cannot be reached is treated as one that refuses. */
const PATIENCE = 3;

/** Opens the connections on demand and keeps them for the next mail. */
export function openMailer(settings: NotificationsSettings): Mailer {
  const { SMTP_URL, SMTP_FALLBACK_URL, SMTP_TIMEOUT, MAIL_FROM } = settings;
  const first = openServer('smtp', SMTP_URL, SMTP_TIMEOUT, MAIL_FROM);
  const fallback = SMTP_FALLBACK_URL
    ? openServer('smtp-fallback', SMTP_FALLBACK_URL, SMTP_TIMEOUT, MAIL_FROM)
    : undefined;
  const domain = /@([\w.-]+)/.exec(MAIL_FROM)?.[1] ?? 'guichet.invalid';

  return {
    async send(mail, attempt) {
      const outcome = await first.send(mail);
      const askAnother = outcome.kind === 'refused' || (outcome.kind === 'not-sent' && attempt >= PATIENCE);
      // After an unknown outcome the mail may be on its way, and another provider could only add a second copy.
      if (!fallback || !askAnother) return outcome;
      const second = await fallback.send(mail);
      return second.kind === 'refused' && outcome.kind === 'not-sent' ? outcome : second;
    },
    messageIdOf: id => `<${id}@${domain}>`,
    close() {
      first.close();
      fallback?.close();
    },
  };
}

function openServer(provider: string, url: string, timeoutSeconds: number, from: string) {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    // The pool would send a message again when its connection ends. Our own code decides whether that is allowed.
    maxRequeues: 0,
    idleTimeout: IDLE_MS,
    dnsTimeout: CONNECT_MS,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: timeoutSeconds * 1_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as PoolOptions);
  // Remembers the stream of each message: how far the stream was read shows how much the server may have received.
  transport.use('stream', ({ data, message }, done) => {
    const { progress } = data as { progress: Progress };
    message.processFunc(stream => {
      progress.stream = stream;
      return stream;
    });
    done();
  });

  return {
    async send(mail: Mail): Promise<Outcome> {
      const progress: Progress = {};
      try {
        // Automatic repliers do not answer such mail (RFC 3834).
        const headers = { 'Auto-Submitted': 'auto-generated' };
        await transport.sendMail({ ...mail, from, headers, progress } as SendMailOptions);
        return { kind: 'accepted', provider };
      } catch (error) {
        const failure = error as SmtpError;
        return { kind: classify(failure, progress), reason: `${provider}: ${failure.message}` };
      }
    },
    close: () => (transport as Closable).close({ force: true }),
  };
}

/** The `force` option is newer than the published types. */
interface Closable {
  close(options: { force: boolean }): void;
}

interface Progress {
  stream?: Readable;
}

/** Replies with these codes are about the message itself; all others are about the connection or our account. */
const MESSAGE_ERRORS = ['EENVELOPE', 'EMESSAGE'];

/** Bad sequence of commands, and authentication required: both are about the session, whatever command they answer. */
const SESSION_REPLIES = [503, 530];

function classify({ code = '', responseCode }: SmtpError, { stream }: Progress) {
  if (MESSAGE_ERRORS.includes(code)) {
    // Without a reply, the message was found to be invalid before anything was sent to the server.
    const permanent = !responseCode || (responseCode >= 500 && !SESSION_REPLIES.includes(responseCode));
    return permanent ? 'refused' : 'not-sent';
  }
  if (responseCode) return 'not-sent';
  // Once the stream has ended, the whole message was written: its final dot may have reached the server.
  return stream?.readableEnded ? 'unknown' : 'not-sent';
}
