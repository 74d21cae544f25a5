/**
 * Runs tasks side by side under one signal. The first that fails aborts the others; all are awaited before that first error is
 * thrown, so nothing goes on behind the caller's back.
 */
export async function together<const Tasks extends readonly ((signal: AbortSignal) => Promise<unknown>)[]>(
  signal: AbortSignal,
  tasks: Tasks,
): Promise<{ [Index in keyof Tasks]: Awaited<ReturnType<Tasks[Index]>> }> {
  const controller = new AbortController();
  const joint = AbortSignal.any([signal, controller.signal]);
  let first: { error: unknown } | undefined;
  const settled = await Promise.allSettled(
    tasks.map(async task => {
      try {
        return await task(joint);
      } catch (error) {
        first ??= { error };
        controller.abort(error);
        throw error;
      }
    }),
  );
  if (first) throw signal.aborted ? signal.reason : first.error;
  return settled.map(result => (result.status === 'fulfilled' ? result.value : undefined)) as never;
}

/**
 * Runs `work` while `guard` looks after it. The guard's failure aborts the work and is what is thrown; the end of the work ends the guard.
 */
export async function guarded<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  guard: (signal: AbortSignal) => Promise<void>,
): Promise<T> {
  const failed = new AbortController();
  const ended = new AbortController();
  const guarding = guard(AbortSignal.any([signal, ended.signal])).catch((error: unknown) => failed.abort(error));
  try {
    return await work(AbortSignal.any([signal, failed.signal]));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    ended.abort();
    await guarding;
  }
}

/** The results of `work` for each item, in their order, never more than `most` of them at the same time. The first failure is thrown. */
export async function eachAtOnce<T, R>(most: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return results;
}

/**
 * Does `work` for each item, never more than `most` of them at the same time, under one signal, as `together` does: the first failure
 * aborts the others, and all have ended before it is thrown.
 */
export async function inLanes<T>(
  signal: AbortSignal,
  most: number,
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async (joint: AbortSignal) => {
    for (const item of left) await work(item, joint);
  };
  await together(
    signal,
    Array.from({ length: Math.min(most, items.length) }, () => lane),
  );
}
