import { connect, type Socket } from 'node:net';

const HEADERS_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/** The status and the unchanged body of an answer. */
export interface Answer {
  status: number;
  body: Buffer;
}

/**
 * One keep-alive connection with one request at a time, on a plain socket: sending the load must cost little processor
 * time, because the load shares its core with the subgraphs.
 */
export class Connection {
  #socket: Socket;
  #received: Buffer[] = [];
  #size = 0;
  #headers: { status: number; end: number; length: number | undefined } | undefined;
  #settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', chunk => this.#receive(chunk));
    this.#socket.on('error', error => this.#settle?.reject(error));
    this.#socket.on('close', () => this.#settle?.reject(new Error('The gateway closed the connection.')));
  }

  /** @param request a whole request, headers and body. */
  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close() {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer) {
    this.#received.push(chunk);
    this.#size += chunk.length;
    if (!this.#headers) this.#readHeaders();
    if (!this.#headers) return;
    const { status, end, length } = this.#headers;
    if (length !== undefined) {
      if (this.#size >= end + length) this.#finish(status, this.#whole().subarray(end, end + length));
    } else if (endsWith(this.#whole(), LAST_CHUNK)) {
      this.#finish(status, joinChunks(this.#whole().subarray(end)));
    }
  }

  #readHeaders() {
    const whole = this.#whole();
    const mark = whole.indexOf(HEADERS_END);
    if (mark < 0) return;
    const text = whole.toString('latin1', 0, mark);
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    this.#headers = {
      status: Number(text.slice(9, 12)),
      end: mark + HEADERS_END.length,
      length: length === undefined ? undefined : Number(length),
    };
  }

  #whole(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received, this.#size)];
    return this.#received[0]!;
  }

  #finish(status: number, body: Buffer) {
    this.#received = [];
    this.#size = 0;
    this.#headers = undefined;
    this.#settle!.resolve({ status, body });
  }
}

const endsWith = (whole: Buffer, end: Buffer) => whole.subarray(-end.length).equals(end);

function joinChunks(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.toString('latin1', at, lineEnd), 16);
    if (!size) return Buffer.concat(parts);
    parts.push(raw.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
