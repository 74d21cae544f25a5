/**
 * Puts settings, `name=value`, of two sides into words that are equal only when the settings are. Values are not shown: some people
 * keep secrets in them.
 */
export function describeSettings(
  expected: readonly string[],
  found: readonly string[],
): { expected: string; found: string } {
  const [wanted, there] = [new Set(expected), new Set(found)];
  const words = (settings: ReadonlySet<string>, others: ReadonlySet<string>, value: string) =>
    [...settings].map(setting => (others.has(setting) ? nameOf(setting) : `${nameOf(setting)} = (${value})`)).sort();
  return {
    expected: words(wanted, there, 'a value').join(', ') || 'none',
    found: words(there, wanted, 'another value').join(', ') || 'none',
  };
}

/** A statement without the value that it sets. */
export function withoutSetting(statement: string): string {
  return statement.replace(/( SET "(?:[^"]|"")*"(?:\."(?:[^"]|"")*")* TO ).*$/s, '$1…');
}

function nameOf(setting: string): string {
  const at = setting.indexOf('=');
  return at === -1 ? setting : setting.slice(0, at);
}
