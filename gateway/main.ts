import { ConfigurationError } from '#shared/kernel/settings.ts';
import { startGateway } from './server.ts';
import { readGatewaySettings } from './settings.ts';

/**
 * Runs the gateway as this process: until SIGTERM or SIGINT, or until a parent process that holds an IPC channel to
 * this one goes away, since nobody would be left to stop it.
 */
export async function runGateway() {
  try {
    const { drainDelay } = readGatewaySettings(process.env);
    const gateway = await startGateway(process.env);
    const end = (delay: number) => {
      gateway.stop(delay).then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.on('SIGTERM', () => end(drainDelay));
    process.on('SIGINT', () => end(drainDelay));
    if (process.send) process.on('disconnect', () => end(0));
  } catch (error) {
    console.error(error instanceof ConfigurationError ? error.message : error);
    process.exit(1);
  }
}

if (import.meta.main) await runGateway();
