/** The people whom the accounts belong to, with the details that notifications need. */
import { type EntityManager, isId, query, sql } from '#shared/data/database.ts';

export interface Contact {
  userId: string;
  email: string;
  displayName: string;
  locale: string;
}

interface ContactRow {
  user_id: string;
  email: string;
  display_name: string;
  locale: string;
}

/** A user who has no contact here (the seeded accounts) gets messages in the default language. */
export const DEFAULT_LOCALE = 'fr';

export async function storeContact(em: EntityManager, contact: Contact): Promise<void> {
  const { userId, email, displayName, locale } = contact;
  await query(
    em,
    sql`insert into contacts (user_id, email, display_name, locale)
      values (${userId}, ${email}, ${displayName}, ${locale})
      on conflict (user_id) do update
        set email = excluded.email, display_name = excluded.display_name, locale = excluded.locale`,
  );
}

/** The contact with this user id or this email address, or null. */
export async function findContact(em: EntityManager, idOrEmail: string): Promise<Contact | null> {
  const matches = isId(idOrEmail)
    ? sql`user_id = ${idOrEmail}`
    : sql`lower(email) = ${idOrEmail.toLowerCase()}`;
  const [row] = await query(em, sql<ContactRow>`select * from contacts where ${matches} limit 1`);
  return (
    (row && { userId: row.user_id, email: row.email, displayName: row.display_name, locale: row.locale }) ??
    null
  );
}
