/** Once the work is done, a socket that is kept alive must not keep the process alive. */
const lingerMilliseconds = 1_000;

/** Lets the process end by itself with `status`, and ends it when something lingers. */
export function exitWith(status: number): void {
  process.exitCode = status;
  setTimeout(() => process.exit(), lingerMilliseconds).unref();
}
