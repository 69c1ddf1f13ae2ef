import type { Context } from '#shared/context.ts';
import type { RenderThread } from '#shared/documents/render-thread.ts';
import type { DocumentContent } from './documents/layout.ts';
import type { InvoicesSettings } from './settings.ts';

export interface InvoicesServices {
  settings: InvoicesSettings;
  renderer: RenderThread<DocumentContent>;
}
export type InvoicesContext = Context<InvoicesServices>;
