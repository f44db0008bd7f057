// Leaving the process at once.

/**
 * Ends the process without waiting for anything (exit(3) would join Node's thread pool, which may stand in a write to a pipe
 * that nobody reads). What streams still hold is lost: say everything synchronously before.
 */
export async function exitAtOnce(status: number): Promise<never> {
  try {
    const { default: koffi } = await import('koffi');
    (koffi.load(null).func('void _exit(int status)') as (status: number) => void)(status);
  } catch {
    // Without the native library there is only Node's own way out.
  }
  process.exit(status);
}
