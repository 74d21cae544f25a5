/** A signal that aborts a while after another one does. Call `end` when it is no longer needed. */
export function graceAfter(
  signal: AbortSignal | undefined,
  milliseconds: number,
): { signal: AbortSignal; end: () => void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => (timer = setTimeout(() => late.abort(signal?.reason), milliseconds));
  signal?.addEventListener('abort', onAbort);
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
  return { signal: late.signal, end };
}
