import { ConfigurationError } from '#shared/kernel/settings.ts';
import { startGateway } from './server.ts';
import { readGatewaySettings } from './settings.ts';

/**
 * Runs the gateway as this process: until SIGTERM or SIGINT, or until a parent process with an IPC channel to this one
 * ends, since nobody would be left to stop it.
 */
async function main() {
  try {
    const { drainDelay } = readGatewaySettings(process.env);
    const gateway = await startGateway(process.env);
    const stop = (delayMs: number) => {
      gateway.stop(delayMs).then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.on('SIGTERM', () => stop(drainDelay));
    process.on('SIGINT', () => stop(drainDelay));
    if (process.send) process.on('disconnect', () => stop(0));
  } catch (error) {
    console.error(error instanceof ConfigurationError ? error.message : error);
    process.exit(1);
  }
}

if (import.meta.main) await main();
