import type { Context } from '#shared/context.ts';
import type { TicketsSettings } from './settings.ts';
import type { Renderer } from './tickets/pdf/renderer.ts';

export interface TicketsServices {
  settings: TicketsSettings;
  renderer: Renderer;
}
export type TicketsContext = Context<TicketsServices>;
