/** What a piece of long work has done so far; `totalBytes` is an expectation, undefined when nothing is known. */
export interface Progress {
  readonly label: string;
  readonly totalBytes: number | undefined;
  add(bytes: number): void;
  end(): void;
}

/** The only way for a domain folder to say something to people. Lines may hold foreign text: the writer makes them harmless. */
export interface Log {
  info(line: string): void;
  /** Said loudly (an annotation in Actions) and kept for the summary. */
  warn(line: string): void;
  /** Shown only when the runner or the user asked for debug output. */
  debug(line: string): void;
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Starts a line, or a bar in a terminal, that is drawn every few seconds until `end()`. */
  progress(label: string, totalBytes?: number): Progress;
}
