import { fileUrl } from '#shared/signed-files.ts';
import type { Attachment } from '../deliver/notification.entity.ts';
import type { NotificationsContext } from '../services.ts';

const TIMEOUT_MS = 5_000;

export interface AttachedFile {
  filename: string;
  content: Buffer;
  contentType: string;
}

/** The files could not be fetched yet: they are still being made, or the tickets subgraph does not answer. */
export class FilesMissing extends Error {}

/**
 * Fetches the files of an email from the tickets subgraph.
 * @throws FilesMissing unless all of them came within 5 s.
 */
export async function fetchAttachments(
  { services: { settings } }: Pick<NotificationsContext, 'services'>,
  attachments: Attachment[],
): Promise<AttachedFile[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const files = await Promise.all(
    attachments.map(async ({ filename, file }) => {
      try {
        const response = await fetch(fileUrl(settings.TICKETS_URL, file, settings.internalSecret), {
          signal,
        });
        // The ticket was revoked in the meantime, so the email is sent without it.
        if (response.status === 410) return null;
        if (!response.ok) {
          await response.body?.cancel();
          throw new Error(`HTTP ${response.status}`);
        }
        const content = Buffer.from(await response.arrayBuffer());
        return { filename, content, contentType: 'application/pdf' };
      } catch (error) {
        throw new FilesMissing(`${file}: ${(error as Error).message}`);
      }
    }),
  );
  return files.filter(file => file !== null);
}
