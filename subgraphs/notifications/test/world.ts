/**
 * The helpers that the tests of this subgraph share: the subgraph with a real mailbox and a small server of ticket
 * files.
 */
import { v7 } from 'uuid';
import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, inTransaction, openDatabase } from '#shared/data/database.ts';
import { createLog } from '#shared/kernel/log.ts';
import { DEVELOPMENT_INTERNAL_SECRET, type Environment } from '#shared/kernel/settings.ts';
import { messageMigrations } from '#shared/messaging/migrations.ts';
import { verifyFileUrl } from '#shared/signed-files.ts';
import { startHttpServer, startSubgraphWorld, testEnvironment } from '#shared/test/world.ts';
import { startMailbox } from '../../../dev/mailbox/mailbox.ts';
import { openMailer } from '../channels/email.ts';
import { Notification } from '../deliver/notification.entity.ts';
import { createNotification, type Draft } from '../deliver/notifications.ts';
import { migrations } from '../migrations/index.ts';
import { startNotifications } from '../server.ts';
import type { NotificationsContext } from '../services.ts';
import { readNotificationsSettings } from '../settings.ts';

/** Stands in for the tickets subgraph: serves the files that are in `files`, behind signed addresses as it does. */
export async function startTicketFiles() {
  const files = new Map<string, string>();
  const server = await startHttpServer((req, res) => {
    const name = verifyFileUrl(new URL(req.url!, 'http://tickets'), DEVELOPMENT_INTERNAL_SECRET);
    const content = name && files.get(name);
    res.writeHead(content ? 200 : name ? 404 : 403, { 'content-type': 'application/pdf' }).end(content || '');
  });
  return {
    ...server,
    files,
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The notifications subgraph and everything that it needs, on ports of their own. */
export async function startWorld(extra: Environment = {}) {
  const mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
  const tickets = await startTicketFiles();
  const world = await startSubgraphWorld('notifications', startNotifications, {
    SMTP_URL: mailbox.smtpUrl,
    TICKETS_URL: tickets.url,
    ...extra,
  });
  return {
    ...world,
    mailbox,
    tickets,
    /** The emails to this address that the mailbox has taken. */
    mailsTo: (address: string) => mailbox.messages().filter(({ to }) => to[0]?.address === address),
    /** The row of the order's notification from this template. */
    async rowOf(orderId: string, template = 'order-confirmed') {
      const rows = await world.sql('select * from notifications where order_id = $1 and template = $2', [
        orderId,
        template,
      ]);
      // biome-ignore lint/suspicious/noExplicitAny: a raw row
      return rows[0] as any;
    },
    async stop() {
      // The mailbox stops first, so that no job waits for its answer.
      await mailbox.stop();
      await world.stop();
      await tickets.stop();
    },
  };
}

/** The domain functions on a database and a mailbox of their own; no job or handler runs by itself. */
export async function openDomain(extra: Environment = {}) {
  const mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
  const environment = await testEnvironment('notifications', { SMTP_URL: mailbox.smtpUrl, ...extra });
  const settings = readNotificationsSettings(environment.env);
  const orm = await openDatabase(environment.databaseUrl, [Notification], {
    ...messageMigrations,
    ...migrations,
  });
  const mailer = openMailer(settings);
  const warnings: string[] = [];
  const log = createLog('notifications', 'silent');
  log.warn = (_: unknown, message?: string) => void warnings.push(String(message));
  const context = (): NotificationsContext => ({
    em: orm.em.fork() as EntityManager,
    viewer: null,
    correlationId: 'test',
    log,
    live: undefined as never,
    services: { settings, mailer },
    cache: new Map(),
  });
  return {
    mailbox,
    environment,
    context,
    warnings,
    /** An email that waits to be sent. */
    async queue(draft: Partial<Draft> = {}): Promise<Notification> {
      const waiting: Draft = {
        channel: 'EMAIL',
        template: 'announcement',
        recipient: `${v7()}@example.org`,
        userId: null,
        locale: 'fr',
        data: { title: 'Titre', text: 'Texte' },
        ...draft,
      };
      return (await inTransaction(context().em, em => createNotification(em, waiting)))!;
    },
    async row(id: string) {
      const rows = await environment.sql('select * from notifications where id = $1', [id]);
      // biome-ignore lint/suspicious/noExplicitAny: a raw row
      return rows[0] as any;
    },
    async close() {
      mailer.close();
      await mailbox.stop();
      await orm.close(true);
      await environment.drop();
    },
  };
}

/** A request of the saga, for an order that exists nowhere else. */
export function orderRequest(
  request: Partial<MessageData<'notification-send-request'>> = {},
): MessageData<'notification-send-request'> {
  const id = v7();
  const line = { productId: v7(), eventId: v7(), kind: 'ADMISSION' as const, taxRate: 0.2 };
  return {
    orderId: v7(),
    number: `G-${id.slice(-6)}`,
    template: 'order-confirmed',
    customer: { id, email: `${id}@example.org`, displayName: 'Ana Étoile', locale: 'fr' },
    lines: [
      {
        ...line,
        name: 'Plein tarif',
        quantity: 2,
        unitPrice: 2_550,
        guestNames: ['Ana Étoile', 'Bob Martin'],
      },
      { ...line, kind: 'MERCHANDISE', name: 'Affiche', quantity: 1, unitPrice: 1_000, guestNames: [] },
    ],
    total: { amount: 6_100, currency: 'EUR' },
    ticketIds: [],
    reason: null,
    ...request,
  };
}
