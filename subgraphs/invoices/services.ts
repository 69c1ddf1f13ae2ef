import type { Context } from '#shared/context.ts';
import type { Renderer } from './document-thread.ts';
import type { InvoicesSettings } from './env.ts';

export interface InvoicesServices {
  settings: InvoicesSettings;
  renderer: Renderer;
}
export type InvoicesContext = Context<InvoicesServices>;
