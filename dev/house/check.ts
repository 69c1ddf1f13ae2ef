/** `npm run house`: holds the repository against the rules of the house and names every fault. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { RULES } from './rules.ts';

/** Made by programs: their paths count, their text does not. */
const GENERATED = /^(?:schema\/generated\/|schema\/supergraph\.graphql$|package-lock\.json$|bench\/.*\.svg$)/;

/** What git knows; where there is no repository, such as in an unpacked archive, whatever lies in the folder. */
function listFiles(): string[] {
  try {
    // The files may belong to somebody else than whoever checks them.
    const options = ['-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard'];
    return execFileSync('git', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    );
  } catch {
    return globSync('{*,.*,**/*}', {
      exclude: path => /^(?:node_modules|\.git|\.guichet)$/.test(basename(path)),
    });
  }
}

const sources = listFiles()
  .filter(path => path !== '' && statSync(path, { throwIfNoEntry: false })?.isFile())
  .map(path => ({ path, text: GENERATED.test(path) ? '' : readFileSync(path, 'utf8') }));

const faults = Object.values(RULES).flatMap(rule => rule(sources));
for (const fault of faults) console.error(`  - ${fault}`);
if (faults.length > 0) {
  console.error(`The house has ${faults.length} fault(s): see CONTRIBUTING.md, "Rules of the house".`);
  process.exit(1);
}
