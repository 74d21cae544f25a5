/** One way to damage the definitions of a copy of `everything.sql`, and all that must be said of it. */
export interface Damage {
  what: string;
  sql: string;
  /** Codes and objects, sorted. */
  says: readonly string[];
  /** An extension without which the object is not there. */
  extension?: string;
}

/** A damage by one statement, or a few, that is told wherever it is done. */
export const damage = (what: string, sql: string, ...says: readonly string[]): Damage => ({ what, sql, says });
