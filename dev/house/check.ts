/** `npm run house`: holds the repository against the rules of the house and names every fault. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { RULES } from './rules.ts';

/** Made by programs: their paths count, their text does not. */
const GENERATED = /^(?:schema\/generated\/|schema\/supergraph\.graphql$|package-lock\.json$|bench\/.*\.svg$)/;

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
const sources = listed
  .split('\n')
  .filter(path => path !== '' && existsSync(path))
  .map(path => ({ path, text: GENERATED.test(path) ? '' : readFileSync(path, 'utf8') }));

const faults = Object.values(RULES).flatMap(rule => rule(sources));
for (const fault of faults) console.error(`  - ${fault}`);
if (faults.length > 0) {
  console.error(`The house has ${faults.length} fault(s): see CONTRIBUTING.md, "Rules of the house".`);
  process.exit(1);
}
