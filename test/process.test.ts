import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, ProcessFailure, run, searchPath, start } from '../src/process.ts';
import { collect } from '../src/streams.ts';

const node = (script: string, more: Partial<Command> = {}): Command => ({
  file: process.execPath,
  args: ['-e', script],
  title: 'the child',
  ...more,
});

async function failureOf(work: () => Promise<unknown>): Promise<ProcessFailure> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof ProcessFailure, String(error));
    return error;
  }
  return assert.fail('nothing failed');
}

describe('a program', () => {
  it('that ends well gives its stdout and stderr', async () => {
    const ended = await run(node("process.stdout.write('out'); process.stderr.write('err')"));
    assert.deepEqual(ended, { stdout: 'out', stderr: 'err' });
  });

  it('gets its input on stdin', async () => {
    const { stdout } = await run(node('process.stdin.pipe(process.stdout)'), undefined, 'input €');
    assert.equal(stdout, 'input €');
  });

  it('that does not read its input is judged by its status alone', async () => {
    await run(node('process.exit(0)'), undefined, 'x'.repeat(1_000_000));
  });

  it('that ends with another status fails, with its last words', async () => {
    const failure = await failureOf(() =>
      run(node("console.error('first\\nsecond\\n\\n  third \\nfourth'); process.exit(3)")),
    );
    assert.equal(failure.message, 'the child ended with status 3: second | third | fourth');
    assert.deepEqual([failure.status, failure.killedBy], [3, null]);
  });

  it('that is killed fails, and says by what', async () => {
    const failure = await failureOf(() => run(node("process.kill(process.pid, 'SIGKILL')")));
    assert.equal(failure.message, 'the child was killed by SIGKILL');
    assert.deepEqual([failure.status, failure.killedBy], [null, 'SIGKILL']);
  });

  it('that does not exist fails', async () => {
    const failure = await failureOf(() => run({ file: '/no/such/program', args: [] }));
    assert.equal(failure.message, 'program could not be started: there is no such program');
  });

  it('that may not be run fails', async () => {
    const failure = await failureOf(() => run({ file: import.meta.filename, args: [] }));
    assert.match(failure.message, /^process\.test\.ts could not be started: EACCES/);
  });

  it('that is not there ends the stream of its output too', async () => {
    const child = start({ file: '/no/such/program', args: [] });
    child.stdin.on('error', () => {});
    await assert.rejects(collect(child.stdout, 0).then(() => child.done));
  });

  it('that says very much leaves only its last words', async () => {
    const script = "for (let i = 0; i < 3000; i++) console.error(String(i).padEnd(99, '.')); process.exitCode = 1";
    const failure = await failureOf(() => run(node(script)));
    assert.ok(failure.stderr.length <= 64 * 1024);
    assert.ok(failure.stderr.trimEnd().includes('2999...'));
    assert.ok(failure.message.length < 700);
  });

  it('that says very much on one line leaves only its end', async () => {
    const failure = await failureOf(() =>
      run(node("process.stderr.write('x'.repeat(1e6) + 'end', () => process.exit(1))")),
    );
    assert.ok(failure.stderr.length <= 64 * 1024 && failure.stderr.endsWith('end'));
    assert.ok(failure.message.length < 700);
  });
});

describe('an abort', () => {
  it('ends the program by SIGTERM', async () => {
    const abort = new AbortController();
    const child = start(node("console.log('up'); setInterval(() => {}, 1000)"), abort.signal);
    child.stdout.once('data', () => abort.abort());
    const failure = await failureOf(() => child.done);
    assert.equal(failure.killedBy, 'SIGTERM');
  });

  it('ends a program that ignores SIGTERM by SIGKILL', async () => {
    const abort = new AbortController();
    const child = start(
      node("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"),
      abort.signal,
    );
    child.stdout.once('data', () => abort.abort());
    const failure = await failureOf(() => child.done);
    assert.equal(failure.killedBy, 'SIGKILL');
  });

  it('that came before starts nothing', () => {
    const reason = new Error('stop');
    assert.throws(() => start(node(''), AbortSignal.abort(reason)), reason);
  });

  it('that comes after the end does nothing', async () => {
    const abort = new AbortController();
    const ended = await run(node(''), abort.signal);
    abort.abort();
    assert.equal(ended.stderr, '');
  });
});

describe('a secret for a program', () => {
  const secret = 'a secret: "€"';

  it('comes by descriptor 3', async () => {
    const script = "process.stdout.write(require('fs').readFileSync(3))";
    assert.equal((await run(node(script, { secretInput: secret }))).stdout, secret);
  });

  it('stands neither in its arguments nor in its environment', async () => {
    const script =
      "require('fs').readFileSync(3); console.log(JSON.stringify([process.argv, process.env, process.execArgv]))";
    assert.ok(!(await run(node(script, { secretInput: secret }))).stdout.includes('a secret'));
  });

  it('that nobody reads harms nothing', async () => {
    await run(node('process.exit(0)', { secretInput: 'x'.repeat(1_000_000) }));
  });
});

describe('the environment of a program', () => {
  it('holds what it is given and nothing else of ours', async () => {
    process.env.LIFEBOAT_PASSPHRASE = 'secret';
    process.env.PGPASSWORD = 'secret';
    try {
      const { stdout } = await run(node('console.log(JSON.stringify(process.env))', { env: { PGUSER: 'me' } }));
      const { PATH, HOME, TMPDIR, DOCKER_HOST, DOCKER_CONFIG, ...others } = JSON.parse(stdout) as Record<
        string,
        string
      >;
      assert.deepEqual(others, { PGUSER: 'me' });
      assert.deepEqual(
        [PATH, HOME, TMPDIR, DOCKER_HOST, DOCKER_CONFIG],
        ['PATH', 'HOME', 'TMPDIR', 'DOCKER_HOST', 'DOCKER_CONFIG'].map(name => process.env[name]),
      );
    } finally {
      delete process.env.LIFEBOAT_PASSPHRASE;
      delete process.env.PGPASSWORD;
    }
  });

  it('has a search path of folders', () => {
    assert.ok(searchPath().length > 0);
    assert.ok(!searchPath().includes(''));
  });
});

describe('the output of a program', () => {
  it('that nobody reads before it ends is a failure, for Node throws it away', async () => {
    const { done } = start({ file: 'sh', args: ['-c', 'echo lost'] });
    await assert.rejects(done, /^Failure: sh ended before anybody read what it wrote$/);
  });

  it('that is read at once is whole, however late its reader goes on', async () => {
    const child = start({ file: 'sh', args: ['-c', 'echo kept'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await child.done;
    assert.equal(Buffer.concat(chunks).toString(), 'kept\n');
  });
});
