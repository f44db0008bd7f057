// The program's first lines: SIGUSR1 must not open Node's debugger, so it gets its handler before anything else is loaded.

process.on('SIGUSR1', () => undefined);

void main();

async function main(): Promise<void> {
  const { tolerateSignals } = await import('../pipeline/signals.js');
  tolerateSignals(process.env['_HTTPLOG_NOHUP'] === '1');
  const { command } = await import('./command.js');
  process.exitCode = await command(process.argv.slice(2));
}
