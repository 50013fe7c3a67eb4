// A clock and timers that a test moves by hand.

/** Time that passes only when it is told to. `options` is what the library takes instead of the program's own. */
export class FakeClock {
  #now = 0;
  #timers = new Map();
  #next = 1;

  get options() {
    return {
      now: () => this.#now,
      setTimeout: (callback, ms) => {
        this.#timers.set(this.#next, { at: this.#now + ms, callback });
        return this.#next++;
      },
      clearTimeout: (timer) => this.#timers.delete(timer),
    };
  }

  get now() {
    return this.#now;
  }

  /** Number of timers that wait. */
  get waiting() {
    return this.#timers.size;
  }

  /** Lets time pass, and runs what becomes due, in order. What awaits something goes on in between. */
  async pass(ms) {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [timer, { at, callback }] = due;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, at);
      callback();
      await settle();
    }
    this.#now = end;
  }

  /** Lets time pass as in a page that nobody looks at: no timer runs. */
  freeze(ms) {
    this.#now += ms;
  }
}

/** Lets everything go on that waits for a promise that is settled. */
export async function settle() {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}
