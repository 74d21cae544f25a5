import type { Results } from './files.ts';

/** How a test run ends: its last lines, and its exit status. */
export interface Verdict {
  lines: readonly string[];
  status: 0 | 1;
}

/**
 * Judges a run. `skipAllowed` is false under `LIFEBOAT_TEST_ALL=1`. The last line is always `N passed, N failed, N
 * skipped`; a run without any test has failed.
 */
export function verdict(results: Results, skipAllowed: boolean): Verdict {
  const { passed, failed, skipped } = results;
  const counts = `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
  const list = (heading: string, remarks: readonly string[]) => (remarks.length === 0 ? [] : ['', heading, ...remarks]);
  const lines = [
    ...list(
      'Skipped:',
      skipped.map(({ title, text }) => `  ${title}: ${text}`),
    ),
    ...list(
      'Failed:',
      failed.map(({ title }) => `  ${title}`),
    ),
    '',
  ];
  const problems = [
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(skipped.length > 0 && !skipAllowed
      ? [`${skipped.length} skipped, which LIFEBOAT_TEST_ALL=1 does not allow`]
      : []),
    ...(passed + failed.length === 0 ? ['no test was run'] : []),
  ];
  const good = skipped.length === 0 ? 'Every test passed.' : 'Every test that could run here passed.';
  const sentence = problems.length === 0 ? good : `The tests failed: ${problems.join('; ')}.`;
  return { lines: [...lines, sentence, counts], status: problems.length === 0 ? 0 : 1 };
}
