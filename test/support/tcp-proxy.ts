import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy on a port of 127.0.0.1 that does to connections what networks do. */
export interface TcpProxy {
  port: number;
  /** How many connections are open now. */
  readonly connections: number;
  /** How many bytes came from the server so far, over all connections. */
  readonly bytesFromServer: number;
  /** Resets every connection that is open now; new ones are accepted. */
  cutAll(): void;
  /** Resets each connection, also new ones, once so many further bytes came from the server in all. */
  cutAfterBytes(sizeBytes: number): void;
  /** Lets nothing pass any more, in either direction, without closing anything. */
  stall(): void;
  /** Lets everything pass again, and forgets `cutAfterBytes`. */
  resume(): void;
  /** Resets every connection and accepts no more. */
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  let stalled = false;
  let bytesFromServer = 0;
  let cutAt = Infinity;

  const cut = (pair: readonly [Socket, Socket]) => {
    pairs.delete(pair);
    for (const socket of pair) {
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  const cutAll = () => pairs.forEach(cut);

  const pass = (from: Socket, to: Socket, see: (sizeBytes: number) => boolean = () => true) => {
    from.on('data', (chunk: Buffer) => {
      if (!see(chunk.length)) return;
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!stalled) from.resume();
    });
    from.on('end', () => to.end());
    if (stalled) from.pause();
  };

  const server = createServer({ allowHalfOpen: true }, client => {
    const upstream = connect({ ...target, allowHalfOpen: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => cut(pair));
      socket.on('close', () => cut(pair));
    }
    pass(client, upstream);
    pass(upstream, client, sizeBytes => {
      bytesFromServer += sizeBytes;
      if (bytesFromServer >= cutAt) cut(pair);
      return bytesFromServer < cutAt;
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref(); // a forgotten proxy must not keep a finished test alive

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    get bytesFromServer() {
      return bytesFromServer;
    },
    cutAll,
    cutAfterBytes: sizeBytes => {
      cutAt = bytesFromServer + sizeBytes;
    },
    stall: () => {
      stalled = true;
      for (const socket of [...pairs].flat()) socket.pause();
    },
    resume: () => {
      stalled = false;
      cutAt = Infinity;
      for (const socket of [...pairs].flat()) socket.resume();
    },
    stop: async () => {
      const closed = new Promise(resolve => server.close(resolve));
      cutAll();
      await closed;
    },
  };
}
