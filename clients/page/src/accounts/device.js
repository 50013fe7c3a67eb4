// Who plays without a name or password: this browser keeps the secret of the account.

const STORED_AS = "realmgate.device";

/** The secret, made the first time. */
export function loadOrMakeDeviceId(storage) {
  const kept = storage.getItem(STORED_AS);
  if (kept) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  storage.setItem(STORED_AS, made);
  return made;
}
