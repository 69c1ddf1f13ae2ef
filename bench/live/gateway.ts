/** The gateway as a process of its own, which reports its address and its use of memory and processor time. */
import { startGateway } from '../../gateway/server.ts';
import { type Order, usage } from './messages.ts';

const gateway = await startGateway(process.env);
process.on('message', ({ id, kind }: Order) => {
  if (kind === 'usage') process.send!({ id, value: usage() });
});
process.on('disconnect', () => process.exit(0));
process.send!({ id: 0, value: gateway.wsUrl });
