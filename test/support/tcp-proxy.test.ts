import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { startProxy, type TcpProxy } from './tcp-proxy.ts';

describe('the TCP proxy', () => {
  const echo = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  let proxy: TcpProxy;
  before(async () => {
    await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
    proxy = await startProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  });
  after(async () => {
    await proxy.stop();
    await new Promise(resolve => echo.close(resolve));
  });

  const open = async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  const answer = async (socket: Socket) => String(((await once(socket, 'data')) as Buffer[])[0]);

  it('passes bytes both ways, and the end', async () => {
    const socket = await open();
    socket.end('x'.repeat(3_000_000));
    assert.equal((await text(socket)).length, 3_000_000);
  });

  it('cuts all connections', async () => {
    const socket = await open();
    socket.write('a');
    assert.equal(await answer(socket), 'a');
    const failed = once(socket, 'error', { signal: AbortSignal.timeout(2_000) });
    proxy.cutAll();
    assert.match(String(await failed), /ECONNRESET/);
    assert.equal(proxy.connections, 0);
  });

  it('cuts after so many bytes from the server', async () => {
    const socket = await open();
    proxy.cutAfterBytes(100);
    socket.write('a'.repeat(99));
    assert.equal((await answer(socket)).length, 99);
    const closed = new Promise(resolve => socket.once('close', resolve));
    socket.write('b');
    await closed;
    proxy.resume();
  });

  it('stalls connections, also new ones, and lets them go on', async () => {
    const [old, fresh] = [await open(), await open().finally(() => proxy.stall())];
    const late = await open();
    let got = '';
    for (const [socket, letter] of [
      [old, 'a'],
      [fresh, 'b'],
      [late, 'c'],
    ] as const) {
      socket.on('data', chunk => (got += String(chunk)));
      socket.write(letter);
    }
    await sleep(100);
    assert.equal(got, '');
    proxy.resume();
    await sleep(100);
    assert.equal([...got].sort().join(''), 'abc');
    for (const socket of [old, fresh, late]) socket.destroy();
  });
});
