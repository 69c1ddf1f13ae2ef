// Loaded into a subgraph's process before its own code, to wedge it from outside: after SIGUSR2, statements that
// reserve stock are never answered, while timers, queues and everything else continue.
import { createRequire } from 'node:module';

interface Statement {
  text: string;
}
interface Clients {
  Client: { prototype: { query(this: unknown, ...args: unknown[]): unknown } };
}

// The database driver of the subgraph's own database; the queues use another copy.
const { Client } = createRequire(import.meta.resolve('@mikro-orm/postgresql'))('pg') as Clients;
const query = Client.prototype.query;
let wedged = false;

Client.prototype.query = function (...args) {
  const [statement] = args as [string | Statement];
  const text = typeof statement === 'string' ? statement : statement.text;
  return wedged && /insert into "?holds\b/.test(text ?? '') ? new Promise(() => {}) : query.apply(this, args);
};
process.on('SIGUSR2', () => {
  wedged = true;
});
