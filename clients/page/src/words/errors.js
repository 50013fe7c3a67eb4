// Errors of accounts and of entering, in words for players.

/** Refusals of the HTTP API by code. Those with a field are shown beside it. */
const API_CODES = {
  USERNAME_TAKEN: { field: "username", text: "This name is taken. Choose another, or log in." },
  INVALID_CREDENTIALS: { text: "User name or password is wrong." },
  CHARACTER_NAME_TAKEN: { field: "name", text: "Another character has this name, or one that looks like it." },
  NAME_TAKEN: { field: "name", text: "Another character has this name, or one that looks like it." },
  CHARACTER_IN_WORLD: { text: "This character is in the world. Wait a moment, then try again." },
  UNAUTHORIZED: { text: "Your log-in has ended. Log in again." },
  INVALID_REFRESH_TOKEN: { text: "Your log-in has ended. Log in again." },
  SERVICE_TOKEN_REQUIRED: { field: "token", text: "This is not the service token." },
  OVERLOADED: { text: "The world is very busy." },
};

const AWAY = "The world does not answer. Check your connection, or try again later.";

/**
 * What to show of an `ApiError`: a text for the whole form, and texts by field.
 * @param {any} error
 * @returns {{ text: string, fields: Record<string, string> }}
 */
export function apiWords(error) {
  if (error?.kind === "Unreachable") return only(AWAY);
  if (error?.kind !== "Refused")
    return only("The world answered something that this page does not understand. Reload it.");
  const { code, status, errors, retryAfterS, detail, title } = error.problem;
  // The community complains about fields with 400.
  if (status === 422 || code === "invalid_data") return { text: "", fields: fieldWords(errors) };
  if (status === 429) return only(`${sentence(detail) || "Too many tries."} ${waitWords(error.retryAfterS ?? 1)}`);
  if (status === 503) return only(`The world is busy. ${waitWords(error.retryAfterS ?? retryAfterS ?? 1)}`);
  // What stands before the server answers so when the server is away.
  if (status >= 500) return only(code === "" ? AWAY : "Something broke in the world. Try again in a moment.");
  const known = API_CODES[code];
  if (known?.field) return { text: "", fields: { [known.field]: known.text } };
  return only(known?.text ?? (sentence(detail || title) || "That did not work."));
}

function only(text) {
  return { text, fields: {} };
}

/** The server says `{"password": ["has at least 8 characters"]}`. */
function fieldWords(errors) {
  const names = { username: "The user name", password: "The password", name: "The name", class_id: "The class" };
  // "has 3 to 64 characters" is a rule that is not kept yet; "has invalid format" is already true.
  const rule = (text) => text.replace(/^has (?!invalid|already|more)/, "must have ");
  const words = (field, told) => `${names[field] ?? "This"} ${[told].flat().map(rule).join(", and ")}.`;
  return Object.fromEntries(Object.entries(errors).map(([field, told]) => [field, words(field, told)]));
}

function waitWords(seconds) {
  return seconds === 1 ? "Try again in a second." : `Try again in ${seconds} seconds.`;
}

function sentence(text) {
  return text && `${text.replace(/\.$/, "")}.`;
}

const WATCH_CODES = {
  SERVICE_TOKEN_REQUIRED: ["The token is not taken", "Give the service token again: it may have been changed."],
  MAP_NOT_FOUND: ["This channel is closed", "No map server plays this channel at the moment."],
  MAP_FULL: ["Enough are watching", "As many as may already watch this channel, or its server cannot keep up."],
  Unreachable: ["The world does not answer", "Check your connection, or try again later."],
  MAP_SERVER_UNREACHABLE: ["The server does not answer", "The map server of this channel cannot be reached."],
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
    "There is no room now",
    "All places on this map are taken, or its server is too busy to let anybody in. Try again in a minute.",
  ],
  MAP_NOT_FOUND: ["This map is closed", "No server runs the map of your character at the moment. Try again later."],
  MAP_SERVER_UNREACHABLE: [
    "This map does not answer",
    "The server of your character's map cannot be reached. Try again later.",
  ],
  ALREADY_ONLINE: ["Your account is still in the world", "It is on its way out. Try again in a moment."],
  CHARACTER_NOT_FOUND: ["This character is gone", "It may have been deleted elsewhere."],
  CHARACTER_DELETED: ["This character is to be deleted", "Bring it back from the list of characters first."],
  FORBIDDEN: ["This character is not yours", "Choose another one."],
  ENTRY_REFUSED: ["You may not enter now", "The world does not let this character in."],
  RATE_LIMITED: ["You come and go too fast", "Wait a moment, then try again."],
  INTERNAL: ["Something broke in the world", "It is not your fault. Try again in a moment."],
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
    return { title: "The way in is closed", text: apiWords(error).text, help: isLoggedOut ? "login" : "retry" };
  }
  return { title: "Something went wrong", text: "This page made a mistake. Reload it and try again.", help: "reload" };
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
    return { title: "Your account is playing elsewhere", text: "A newer log-in has taken its place.", help: "login" };
  }
  if (error.wantsFreshTokens) {
    return { title: "Your log-in has ended", text: "Log in again, and you are back where you were.", help: "login" };
  }
  return {
    title: "The world does not answer",
    text: "Check your connection, or try again in a minute.",
    help: "retry",
  };
}

const ENTER_KINDS = {
  ProtocolMismatch: [
    "The world has been renewed",
    "This page is older than the world. Reload it to play on.",
    "reload",
  ],
  Hash: ["The world has been renewed", "This page is older than the world. Reload it to play on.", "reload"],
  NoWebSocket: ["This browser cannot get in", "It, or the server, offers no way to connect.", "retry"],
  NoWebTransport: ["No WebTransport here", "This browser, or the server, does not offer it.", "retry"],
  Silent: ["The world does not answer", "It took the connection, then said nothing. Try again in a moment.", "retry"],
  Closed: ["The connection was closed", "Check your connection, or try again in a moment.", "retry"],
};

function enterWords(error) {
  const [title, text, help] = ENTER_KINDS[error.kind] ?? ["The way in is closed", "Try again in a moment.", "retry"];
  return { title, text, help };
}
