/** The development mailbox: takes every mail over SMTP, delivers none, and shows them at http://localhost:1080. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { type Listening, LOOPBACK, listen } from '#shared/kernel/listen.ts';
import { createLog } from '#shared/kernel/log.ts';
import { readSettings } from '#shared/kernel/settings.ts';
import { createHandler, type Fault } from './http.ts';
import { type Message, openStore } from './store.ts';

export interface Mailbox {
  /** The page and the API (`GET /api/email`, in maildev's shape). */
  url: string;
  smtpUrl: string;
  smtpPort: number;
  /** Oldest first. */
  messages(): Message[];
  /** Faults still to strike, first come first served; tests may also `POST /api/faults`. */
  faults: Fault[];
  stop(): Promise<void>;
}

export interface MailboxOptions {
  /** 0 chooses a free port, here and below. */
  smtpPort: number;
  httpPort: number;
  /** Where messages survive a restart; without it they go when the mailbox stops. */
  directory?: string;
  /** As `listen` takes it; this machine alone by default, because nothing here asks who calls. */
  host?: string;
  log?: (line: string) => void;
}

/**
 * Starts the mailbox. Any sender, recipient and login is accepted.
 * @throws Error when a port is taken.
 */
export async function startMailbox(options: MailboxOptions): Promise<Mailbox> {
  const { smtpPort, httpPort, directory, host = LOOPBACK, log = () => undefined } = options;
  const store = await openStore(directory);
  const faults: Fault[] = [];
  const sockets = new Map<number, Socket>();

  /** The answer to a message: nothing for "accepted", else an error with its SMTP code. */
  async function receive(stream: Readable, session: SMTPServerSession): Promise<Error | null> {
    const chunks = await stream.toArray();
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    const fault = takeFault(faults, recipients);
    if (fault?.kind === 'reject-4xx') return smtpError(451, 'Try again later (requested by a test)');
    if (fault?.kind === 'reject-5xx') return smtpError(554, 'Refused (requested by a test)');
    if (fault?.kind === 'delay') await pause(fault.ms, undefined, { ref: false });
    const message = await store.add(Buffer.concat(chunks));
    log(`${message.subject || '(no subject)'} for ${recipients.join(', ')}`);
    if (fault?.kind === 'cut-after-data') sockets.get(session.remotePort)?.destroy();
    return null;
  }

  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    closeTimeout: 1, // a stop waits for nobody
    logger: false,
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData: (stream, session, done) => {
      receive(stream, session).then(done, done);
    },
  });
  smtp.on('error', error => log(`SMTP: ${error.message}`)); // such as a client that hung up
  smtp.server.on('connection', socket => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once('close', () => sockets.delete(port));
  });
  const http = createServer(createHandler(store, faults));

  const listening: Listening[] = [];
  const closeAll = async () => {
    const closed = [
      new Promise<void>(resolve => smtp.close(resolve)),
      ...listening.map(server => server.close()),
    ];
    http.closeAllConnections();
    for (const socket of sockets.values()) socket.destroy();
    await Promise.all(closed);
    await store.close();
  };
  try {
    const mail = await listen(smtp.server, smtpPort, host);
    listening.push(mail);
    const page = await listen(http, httpPort, host);
    listening.push(page);
    return {
      url: `http://localhost:${page.port}`,
      smtpUrl: `smtp://127.0.0.1:${mail.port}`,
      smtpPort: mail.port,
      messages: store.list,
      faults,
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function takeFault(faults: Fault[], recipients: string[]): Fault | undefined {
  const index = faults.findIndex(({ to }) => !to || recipients.includes(to));
  const fault = faults[index];
  if (fault && --fault.times === 0) faults.splice(index, 1);
  return fault;
}

const smtpError = (responseCode: number, message: string) =>
  Object.assign(new Error(message), { responseCode });

if (import.meta.main) {
  const settings = readSettings('mailbox', process.env, kinds => ({
    MAILBOX_SMTP_PORT: kinds.port(1025),
    MAILBOX_HTTP_PORT: kinds.port(1080),
    HOST: kinds.host(LOOPBACK).transform(host => host!),
    MAILBOX_DIRECTORY: kinds.text('').transform(directory => directory || undefined),
  }));
  const log = createLog('mailbox', 'info');
  const mailbox = await startMailbox({
    smtpPort: settings.MAILBOX_SMTP_PORT,
    httpPort: settings.MAILBOX_HTTP_PORT,
    host: settings.HOST,
    ...(settings.MAILBOX_DIRECTORY && { directory: settings.MAILBOX_DIRECTORY }),
    log: line => log.info(line),
  });
  log.info(`mail to ${mailbox.smtpUrl}, read at ${mailbox.url}`);
  const end = () => mailbox.stop().then(() => process.exit());
  process.once('SIGTERM', end).once('SIGINT', end).once('disconnect', end);
}
