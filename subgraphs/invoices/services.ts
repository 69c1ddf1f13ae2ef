import type { Context } from '#shared/context.ts';
import type { Renderer } from './documents/thread.ts';
import type { InvoicesSettings } from './settings.ts';

export interface InvoicesServices {
  settings: InvoicesSettings;
  renderer: Renderer;
}
export type InvoicesContext = Context<InvoicesServices>;
