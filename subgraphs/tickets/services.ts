import type { Context } from '#shared/context.ts';
import type { TicketsSettings } from './env.ts';
import type { Renderer } from './pdf/renderer.ts';

export interface TicketsServices {
  settings: TicketsSettings;
  renderer: Renderer;
}
export type TicketsContext = Context<TicketsServices>;
