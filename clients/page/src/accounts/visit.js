// Who was here last: names alone, so that the first screen can greet the player.

const STORED_AS = "realmgate.visit";

const isName = (value) => typeof value === "string" && value !== "" && value.length <= 64;

/**
 * The last visit with this browser; null if there was none.
 * @returns {{ character: string, username: string | null } | null} The user name is null for a guest.
 */
export function lastVisit(storage = globalThis.localStorage) {
  try {
    const { character, username } = JSON.parse(storage.getItem(STORED_AS) ?? "null") ?? {};
    return isName(character) && (username === null || isName(username)) ? { character, username } : null;
  } catch {
    return null;
  }
}

/** Notes that a character enters the world. */
export function noteVisit({ character, username }, storage = globalThis.localStorage) {
  try {
    storage.setItem(STORED_AS, JSON.stringify({ character, username }));
  } catch {
    // A browser that keeps nothing still plays.
  }
}

/** Forgets the visit of an account: after a log-out, others may use the browser. That of a guest stays, as the guest's account does. */
export function forgetVisit(storage = globalThis.localStorage) {
  if (lastVisit(storage)?.username) storage.removeItem(STORED_AS);
}
