import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Answers `/playground` and what is below it; false when there is no such file. */
export type Playground = (req: IncomingMessage, res: ServerResponse, path: string) => Promise<boolean>;

interface Asset {
  type: string;
  content: Buffer;
  etag: string;
  /** By content-encoding, compressed when first asked for. */
  encoded: Map<string, Promise<Buffer>>;
}

/** Nothing from elsewhere, no inline script. Monaco, GraphiQL's editor, sets styles from code. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ico: 'image/x-icon',
};

/** GraphiQL, served from this process alone: its 9 MB are read with the first request. */
export function createPlayground(): Playground {
  let assets: Promise<Map<string, Asset>> | undefined;

  return async (req, res, path) => {
    assets ??= readAssets();
    const asset = (await assets).get(path);
    if (!asset) return false;
    res.setHeader('etag', asset.etag);
    res.setHeader('cache-control', 'no-cache');
    res.setHeader('vary', 'accept-encoding');
    res.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('referrer-policy', 'no-referrer');
    if (req.headers['if-none-match'] === asset.etag) {
      res.writeHead(304).end();
      return true;
    }
    const encoding = chooseEncoding(String(req.headers['accept-encoding'] ?? ''));
    if (encoding) res.setHeader('content-encoding', encoding);
    const content = encoding ? await encode(asset, encoding) : asset.content;
    res.writeHead(200, { 'content-type': asset.type, 'content-length': content.length });
    res.end(req.method === 'HEAD' ? undefined : content);
    return true;
  };
}

async function readAssets() {
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  const assets = new Map<string, Asset>();
  const add = (path: string, content: string | Buffer) => {
    const bytes = Buffer.from(content as string);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
    const type = TYPES[path.slice(path.lastIndexOf('.') + 1) as keyof typeof TYPES] ?? TYPES.html;
    assets.set(path, { type, content: bytes, etag, encoded: new Map() });
  };
  for (const name of ['client.js', 'tabs.js', 'page.css']) add(`/playground/${name}`, readHere(name));
  add('/playground', readHere('page.html'));
  add('/playground/graphiql.js', graphiql.js);
  add('/playground/graphiql.css', graphiql.css);
  add('/playground/editor.worker.js', graphiql.editorWorkerService);
  add('/playground/json.worker.js', graphiql.jsonWorker);
  add('/playground/graphql.worker.js', graphiql.graphqlWorker);
  add('/playground/favicon.ico', Buffer.from(graphiql.favicon.replace(/^.*?,/, ''), 'base64'));
  for (const [name, source] of readGraphqlWs()) add(`/playground/graphql-ws/${name}`, source);
  return assets;
}

const readHere = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** graphql-ws's client as the package ships it, and the one file it imports. */
function readGraphqlWs(): [name: string, source: string][] {
  const entry = fileURLToPath(import.meta.resolve('graphql-ws/client'));
  const client = readFileSync(entry, 'utf8');
  const common = /from '\.\/(common-[\w-]+\.js)'/.exec(client)?.[1];
  if (!common) throw new Error('graphql-ws is packaged in another way than the playground expects.');
  const read = (name: string) => readFileSync(new URL(name, `file://${entry}`), 'utf8');
  return [
    ['client.js', client],
    [common, read(common)],
  ];
}

function chooseEncoding(accepted: string): 'br' | 'gzip' | undefined {
  if (/\bbr\b/.test(accepted)) return 'br';
  return /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
}

/** In zlib's threads, so that the requests of others do not wait. */
function encode(asset: Asset, encoding: 'br' | 'gzip'): Promise<Buffer> {
  let encoded = asset.encoded.get(encoding);
  if (!encoded) {
    encoded =
      encoding === 'gzip'
        ? promisify(gzip)(asset.content)
        : promisify(brotliCompress)(asset.content, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } });
    asset.encoded.set(encoding, encoded);
  }
  return encoded;
}
