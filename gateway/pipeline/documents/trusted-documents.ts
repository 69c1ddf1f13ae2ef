import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GraphQLError, parse } from 'graphql';
import { ConfigurationError } from '#shared/kernel/settings.ts';
import type { GatewaySettings } from '../../settings.ts';

/** How a client may name an operation: by its text, by documentId, or as in automatic persisted queries. */
export interface NamedOperation {
  query?: unknown;
  documentId?: unknown;
  extensions?: unknown;
}

export interface TrustedDocuments {
  /** Documents by hash. */
  documents: ReadonlyMap<string, string>;
  /**
   * The text of the trusted document that is meant, or undefined when the operation is to be taken as it came.
   * @throws GraphQLError, for an HTTP answer of 400, when it may not be answered.
   */
  find(operation: NamedOperation): string | undefined;
}

/**
 * Documents that the clients' owners have published beforehand.
 * @throws ConfigurationError when the file is not a manifest of documents under their hashes.
 */
export function readTrustedDocuments(
  settings: Pick<GatewaySettings, 'trustedDocuments' | 'trustedDocumentsFile'>,
): TrustedDocuments {
  const mode = settings.trustedDocuments;
  const documents = mode === 'off' ? new Map<string, string>() : readManifest(settings.trustedDocumentsFile);
  const texts = new Set(documents.values());

  return {
    documents,
    find({ query, documentId, extensions }) {
      if (mode === 'off' && documentId === undefined) return undefined;
      if (typeof query === 'string' && query !== '') {
        if (mode === 'only' && !texts.has(query)) throw notTrusted();
        return undefined;
      }
      const hash = hashIn(documentId, extensions);
      const document = hash === undefined ? undefined : documents.get(hash);
      if (document !== undefined) return document;
      if (mode === 'only') throw notTrusted();
      if (documentId !== undefined) throw notFound();
      return undefined;
    },
  };
}

/** The manifest of documents: each under the SHA-256 of its text, in hexadecimal digits. */
export function createManifest(documents: Iterable<string>): Record<string, string> {
  return Object.fromEntries([...documents].map(text => [sha256(text), text]));
}

function readManifest(path: string): Map<string, string> {
  const fault = (reason: string) => new ConfigurationError('gateway', [`TRUSTED_DOCUMENTS_FILE: ${reason}`]);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw fault((error as Error).message);
  }
  const entries = Object.entries(manifest ?? {});
  const wrong = entries.find(([hash, text]) => typeof text !== 'string' || sha256(text) !== hash);
  if (wrong) throw fault(`${wrong[0]} is not the SHA-256 of its document`);
  for (const [hash, text] of entries) {
    try {
      parse(text as string);
    } catch (error) {
      throw fault(`${hash}: ${(error as Error).message}`);
    }
  }
  return new Map(entries as [string, string][]);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function hashIn(documentId: unknown, extensions: unknown): string | undefined {
  const persisted = (extensions as { persistedQuery?: { sha256Hash?: unknown } } | null | undefined)
    ?.persistedQuery;
  const given = documentId ?? persisted?.sha256Hash;
  return typeof given === 'string' ? given.replace(/^sha256:/, '') : undefined;
}

const notTrusted = () =>
  new GraphQLError('Only operations that were published beforehand are answered here.', {
    extensions: { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 400 } },
  });

const notFound = () =>
  new GraphQLError('There is no trusted document of this id.', {
    extensions: { code: 'DOCUMENT_NOT_FOUND', http: { status: 400 } },
  });

// As a program it writes the manifest of the given files, one complete document each.
if (import.meta.main) {
  const documents = process.argv.slice(2).map(path => readFileSync(path, 'utf8'));
  for (const document of documents) parse(document);
  process.stdout.write(`${JSON.stringify(createManifest(documents), null, 2)}\n`);
}
