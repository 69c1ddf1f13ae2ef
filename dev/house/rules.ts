/**
 * The rules of the house. Each looks at the whole repository and says, one sentence a fault, what breaks it.
 *
 * They hold what no linter knows: that a newcomer finds a thing in the folder whose name says so, that one subgraph can
 * be changed without reading another, and that every promise cited in the code can be looked up.
 */
import { noCircles } from './circles.ts';
import { noFullFolders, noLongFiles, noMissingFrame } from './folders.ts';
import { noCrossImports, noImportsOfBindings } from './imports.ts';
import { noLongWays, noLostPaths, noUnknownPromises, noUnshownPromises } from './papers.ts';
import type { Rule } from './sources.ts';

export const RULES: Record<string, Rule> = {
  noCircles,
  noCrossImports,
  noImportsOfBindings,
  noFullFolders,
  noLongFiles,
  noMissingFrame,
  noUnknownPromises,
  noUnshownPromises,
  noLostPaths,
  noLongWays,
};
