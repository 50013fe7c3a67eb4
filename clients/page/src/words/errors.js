// Errors of accounts and of entering, in words for players.

/** Refusals of the HTTP API by code. Those with a field are shown beside it. */
const API_CODES = {
  USERNAME_TAKEN: { field: "username", text: "This name is taken. Choose another, or log in." },
  INVALID_CREDENTIALS: { text: "Wrong user name or password." },
  CHARACTER_NAME_TAKEN: { field: "name", text: "Another character already has this name or a similar one." },
  NAME_TAKEN: { field: "name", text: "Another character already has this name or a similar one." },
  CHARACTER_IN_WORLD: { text: "This character is still in the world. Wait a moment, then try again." },
  UNAUTHORIZED: { text: "You have been logged out. Log in again." },
  INVALID_REFRESH_TOKEN: { text: "You have been logged out. Log in again." },
  SERVICE_TOKEN_REQUIRED: { field: "token", text: "Wrong service token." },
  OVERLOADED: { text: "The server is very busy. Try again in a moment." },
};

const AWAY = "The server is not responding. Check your connection, or try again later.";

/**
 * What to show of an `ApiError`: a text for the whole form, and texts by field.
 * @param {any} error
 * @returns {{ text: string, fields: Record<string, string> }}
 */
export function apiWords(error) {
  if (error?.kind === "Unreachable") return only(AWAY);
  if (error?.kind !== "Refused")
    return only("The server sent an answer that this page does not understand. Reload the page.");
  const { code, status, errors, retryAfterS, detail, title } = error.problem;
  // The community complains about fields with 400.
  if (status === 422 || code === "invalid_data") return { text: "", fields: fieldWords(errors) };
  if (status === 429) return only(`${sentence(detail) || "Too many attempts."} ${waitWords(error.retryAfterS ?? 1)}`);
  if (status === 503) return only(`The server is busy. ${waitWords(error.retryAfterS ?? retryAfterS ?? 1)}`);
  // What stands before the server answers so when the server is away.
  if (status >= 500) return only(code === "" ? AWAY : "Something went wrong on the server. Try again in a moment.");
  const known = API_CODES[code];
  if (known?.field) return { text: "", fields: { [known.field]: known.text } };
  return only(known?.text ?? (sentence(detail || title) || "That did not work."));
}

function only(text) {
  return { text, fields: {} };
}

/** The server says `{"password": ["must have at least 8 characters"]}`. */
function fieldWords(errors) {
  const names = { username: "The user name", password: "The password", name: "The name", class_id: "The class" };
  const words = (field, told) => `${names[field] ?? "This"} ${[told].flat().join(", and ")}.`;
  return Object.fromEntries(Object.entries(errors).map(([field, told]) => [field, words(field, told)]));
}

function waitWords(seconds) {
  return seconds === 1 ? "Try again in a second." : `Try again in ${seconds} seconds.`;
}

function sentence(text) {
  return text && `${text.replace(/\.$/, "")}.`;
}

const WATCH_CODES = {
  SERVICE_TOKEN_REQUIRED: ["Service token rejected", "Enter the service token again. It may have changed."],
  MAP_NOT_FOUND: ["This channel is closed", "No map server is running this channel at the moment."],
  MAP_FULL: ["Too many spectators", "This channel has no room for another spectator, or its server is too busy."],
  Unreachable: ["The server is not responding", "Check your connection, or try again later."],
  MAP_SERVER_UNREACHABLE: ["The map server is not responding", "The map server of this channel cannot be reached."],
};

/**
 * Why somebody cannot watch: a title, and what it means.
 * @param {any} error An `ApiError` or `EnterError`.
 * @returns {{ title: string, text: string }}
 */
export function watchWords(error) {
  const [title, text] = WATCH_CODES[error?.kind] ?? WATCH_CODES[error?.code] ?? [];
  return title ? { title, text } : entryWords(error);
}

const GATEWAY_CODES = {
  // The server says the same of both.
  MAP_FULL: [
    "No room at the moment",
    "Every place on this map is taken, or its server is too busy to let anyone in. Try again in a minute.",
  ],
  MAP_NOT_FOUND: ["This map is closed", "No server is running your character's map at the moment. Try again later."],
  MAP_SERVER_UNREACHABLE: [
    "The map server is not responding",
    "The server of your character's map cannot be reached. Try again later.",
  ],
  ALREADY_ONLINE: ["Your account is still in the world", "Your character is still leaving. Try again in a moment."],
  CHARACTER_NOT_FOUND: ["Character not found", "It may have been deleted."],
  CHARACTER_DELETED: ["This character will be deleted", "Restore it in the list of characters first."],
  FORBIDDEN: ["This character is not yours", "Choose another one."],
  ENTRY_REFUSED: ["You cannot enter right now", "The server does not let this character in."],
  RATE_LIMITED: ["Too many attempts", "Wait a moment, then try again."],
  INTERNAL: ["Something went wrong on the server", "It is not your fault. Try again in a moment."],
};

/**
 * Why somebody did not get into the world: a title, what it means, and what can help: `retry`, `reload` or `login`.
 * @param {any} error A `GatewayError`, `EnterError` or `ApiError`.
 * @returns {{ title: string, text: string, help: "retry" | "reload" | "login" }}
 */
export function entryWords(error) {
  if (error?.name === "GatewayError") return gatewayWords(error);
  if (error?.name === "EnterError") return enterWords(error);
  if (error?.name === "ApiError") {
    const isLoggedOut = error.problem?.status === 401;
    return { title: "You cannot enter right now", text: apiWords(error).text, help: isLoggedOut ? "login" : "retry" };
  }
  return { title: "Something went wrong", text: "An error occurred on this page. Reload it and try again.", help: "reload" };
}

function gatewayWords(error) {
  if (error.code && GATEWAY_CODES[error.code]) {
    const [title, known] = GATEWAY_CODES[error.code];
    // A script of the world's makers says why.
    const text = error.code === "ENTRY_REFUSED" && error.reason ? sentence(error.reason) : known;
    const wait = error.retryAfterS ? ` ${waitWords(error.retryAfterS)}` : "";
    return { title, text: text + wait, help: "retry" };
  }
  if (error.closeCode === 4001) {
    return { title: "Your account is in use elsewhere", text: "A newer login has replaced this one.", help: "login" };
  }
  if (error.wantsFreshTokens) {
    return { title: "You have been logged out", text: "Log in again to continue where you left off.", help: "login" };
  }
  return {
    title: "The server is not responding",
    text: "Check your connection, or try again in a minute.",
    help: "retry",
  };
}

const ENTER_KINDS = {
  ProtocolMismatch: [
    "The game has been updated",
    "Reload the page to get the new version.",
    "reload",
  ],
  Hash: ["The game has been updated", "Reload the page to get the new version.", "reload"],
  NoWebSocket: ["This browser cannot connect", "The server offers no connection that this browser supports.", "retry"],
  NoWebTransport: ["WebTransport is not available", "This browser or the server does not support it.", "retry"],
  Silent: ["The server is not responding", "It accepted the connection but did not answer. Try again in a moment.", "retry"],
  Closed: ["The connection was closed", "Check your connection, or try again in a moment.", "retry"],
};

function enterWords(error) {
  const [title, text, help] = ENTER_KINDS[error.kind] ?? ["You cannot enter right now", "Try again in a moment.", "retry"];
  return { title, text, help };
}
