const shortest = 4;

/**
 * What of an address must never be shown: the whole, what lies behind its host, where webhooks and heartbeats have their token, each
 * part there that looks like one, and its password as it is, decoded, and as servers are told it.
 */
export function secretsOfAddress(text: string): string[] {
  if (!URL.canParse(text)) return text === '' ? [] : [text];
  const { pathname, search, searchParams, username, password } = new URL(text);
  const user = decoded(username);
  const word = decoded(password);
  const credentials =
    word === '' ? [] : [password, word, base64(word), base64(`${user}:${word}`), base64(`\0${user}\0${word}`)];
  const parts = [...pathname.split('/'), ...searchParams.values()].filter(part => /^(?=.*\d).{10,}$/.test(part));
  return [...new Set([text, `${pathname}${search}`, ...credentials, ...parts])].filter(one => one.length >= shortest);
}

/** Takes secrets out of a text: a server may answer with what it was sent, and a caller may hand on more than it knows. */
export function without(secrets: readonly string[]): (text: string) => string {
  const longestFirst = secrets.filter(secret => secret !== '').sort((a, b) => b.length - a.length);
  return text => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
