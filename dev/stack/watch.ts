/** Restarts the services of a stack whose code changes: what `npm run dev` does beyond `npm start`. */
import { watch } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Supervised } from './supervisor.ts';

export interface Watched {
  service: Supervised;
  /** Folders whose files the service loads. */
  folders: string[];
}

/** Long enough for an editor that writes a file in several steps, or a checkout that changes many. */
const DEBOUNCE_MS = 200;

const ROOT = join(import.meta.dirname, '../..');
/** What a process reads when it starts. */
const LOADED = /\.(?:ts|js|json|graphql|html|css)$/;
/** Tests, and types that are stripped before anything runs. */
const NOT_LOADED = /\.test\.ts$|(?:^|\/)(?:test|generated|node_modules)\//;

/** True for a file, by its path inside a watched folder, that a running process may have loaded. */
export const isLoaded = (path: string): boolean => LOADED.test(path) && !NOT_LOADED.test(path);

/**
 * Watches the folders of services and restarts those whose files change, each in good order. A service that cannot
 * start with its new code stays down until the next change.
 * @param say gets a sentence for each restart: which service, and which file.
 * @returns what ends the watching. A restart that is under way is left to whoever stops the services.
 */
export function restartOnChange(watched: Watched[], say: (text: string) => void): () => void {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let working = false;
  let ended = false;

  async function restart({ service }: Watched, files: string[]): Promise<void> {
    const more = files.length > 1 ? ` and ${files.length - 1} more` : '';
    say(`${service.name} restarts: ${relative(ROOT, files[0]!)}${more} changed.`);
    try {
      await service.stop();
      if (!ended) await service.start();
    } catch (error) {
      if (ended) return;
      say(`${error instanceof Error ? error.message : error}\n${service.name} waits for the next change.`);
    }
  }

  /** Changes that come while services restart are taken up afterwards, so that no service is restarted twice at once. */
  async function takeUp(): Promise<void> {
    if (working || ended) return;
    working = true;
    while (changed.size > 0 && !ended) {
      const files = [...changed].sort();
      changed.clear();
      await Promise.all(
        watched.map(async each => {
          const own = files.filter(file => each.folders.some(folder => file.startsWith(folder + sep)));
          if (own.length > 0) await restart(each, own);
        }),
      );
    }
    working = false;
  }

  const folders = new Set(watched.flatMap(each => each.folders));
  const watchers = [...folders].map(folder =>
    watch(folder, { recursive: true }, (_, path) => {
      if (path === null || !isLoaded(path.replaceAll(sep, '/'))) return;
      changed.add(join(folder, path));
      clearTimeout(timer);
      timer = setTimeout(() => void takeUp(), DEBOUNCE_MS);
    }),
  );
  return () => {
    ended = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
