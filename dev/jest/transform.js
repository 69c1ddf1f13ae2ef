/** Jest reads TypeScript as Node does: types are stripped, lines and columns stay, nothing is compiled. */
import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: source => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  getCacheKey: (source, path) => createHash('sha256').update(path).update(source).digest('hex').slice(0, 32),
};
