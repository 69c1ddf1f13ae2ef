/**
 * Loaded into each supervised process before its own code: when the supervisor is gone, however it went, the
 * process stops in good order, and at the latest after ten seconds.
 */
process.once('disconnect', () => {
  setTimeout(() => process.exit(1), 10_000).unref();
  process.kill(process.pid, 'SIGTERM');
});
// Listening alone would keep a process running that has nothing left to do.
process.channel?.unref();
