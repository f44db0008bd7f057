// Mocha's own report, and after it the line that build servers read.
import Mocha from 'mocha';

/** The spec reporter, followed by `N passed, M failed`; failed hooks count as failed. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    // Registered after Spec's own listener, so the line stands under its summary.
    runner.once('end', () => {
      console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`);
    });
  }
}
