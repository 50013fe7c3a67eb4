// What only one tab of this browser may have.

/** A tab that is loaded again gives up what it held a moment after it asks for it. */
const WAIT_MS = 1_000;

/**
 * Holds a name until this tab is closed or loaded again. Answers whether no other tab has it. Where the browser has no locks,
 * as over plain HTTP from another machine, nobody can tell: then the answer is yes.
 * @param {string} name
 * @param {LockManager} [locks]
 */
export async function holdsAlone(name, locks) {
  if (!locks) return true;
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise(() => {});
    };
    locks.request(name, { signal: AbortSignal.timeout(WAIT_MS) }, held).catch(() => resolve(false));
  });
}
