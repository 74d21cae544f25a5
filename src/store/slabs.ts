/** Size of one slab; parts are whole numbers of slabs. */
export const slabBytes = 8 * 1024 * 1024;

interface Waiter {
  lease: SlabLease;
  grant: (slab: Buffer) => void;
}

/**
 * The memory that uploads fill and send from: slabs of one size, reused, in all at most `budgetBytes`. Beyond it goes only an
 * upload that has no part under way, because it could never go on otherwise. Several stores may share one pool.
 */
export class SlabPool {
  readonly #budgetSlabs: number;
  readonly #idle: Buffer[] = [];
  #waiters: Waiter[] = [];
  #outSlabs = 0;

  constructor(budgetBytes: number) {
    this.#budgetSlabs = Math.max(1, Math.floor(budgetBytes / slabBytes));
  }

  /** Bytes that are lent out now. */
  get outBytes(): number {
    return this.#outSlabs * slabBytes;
  }

  /** One upload's account with the pool. */
  lease(): SlabLease {
    return new SlabLease(this);
  }

  /** For leases only. */
  take(lease: SlabLease): Promise<Buffer> {
    if (this.#mayTake(lease)) return Promise.resolve(this.#lend());
    return new Promise(grant => this.#waiters.push({ lease, grant }));
  }

  /** For leases only. */
  giveBack(slabs: Iterable<Buffer>): void {
    for (const slab of slabs) {
      this.#outSlabs--;
      if (this.#idle.length < this.#budgetSlabs) this.#idle.push(slab);
    }
    this.#serve();
  }

  /** For leases only: nobody waits for this lease any more. */
  forget(lease: SlabLease): void {
    this.#waiters = this.#waiters.filter(waiter => waiter.lease !== lease);
  }

  #serve(): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) {
      if (this.#mayTake(waiter.lease)) waiter.grant(this.#lend());
      else this.#waiters.push(waiter);
    }
  }

  #mayTake(lease: SlabLease): boolean {
    return this.#outSlabs < this.#budgetSlabs || lease.partsUnderWay === 0;
  }

  #lend(): Buffer {
    this.#outSlabs++;
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(slabBytes);
  }
}

/** What one upload has borrowed from the pool. `close` gives everything back. */
export class SlabLease {
  readonly #pool: SlabPool;
  readonly #held = new Set<Buffer>();
  #partsUnderWay = 0;
  #isOpen = true;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get partsUnderWay(): number {
    return this.#partsUnderWay;
  }

  /** A slab to fill; waits while the pool is empty. */
  async take(): Promise<Buffer> {
    const slab = await this.#pool.take(this);
    if (this.#isOpen) this.#held.add(slab);
    else this.#pool.giveBack([slab]);
    return slab;
  }

  /** From here on one more part is under way. */
  partStarts(): void {
    this.#partsUnderWay++;
  }

  /** The part is done with, its slabs are free. */
  partEnds(slabs: readonly Buffer[]): void {
    this.#partsUnderWay--;
    this.#return(slabs);
  }

  close(): void {
    this.#isOpen = false;
    this.#pool.forget(this);
    this.#return([...this.#held]);
  }

  #return(slabs: readonly Buffer[]): void {
    const ours = slabs.filter(slab => this.#held.delete(slab));
    this.#pool.giveBack(ours);
  }
}
