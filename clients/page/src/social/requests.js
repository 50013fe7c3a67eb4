// Typed lines as pushes of the social socket, and its refusals and parties in words. Pure.

const WORDS = {
  not_found: "No player of that name is online.",
  ambiguous: "Several players have that name. Use the name of a character.",
  ignored: "You have blocked this player, or this player has blocked you.",
  muted: "You cannot chat at the moment.",
  rate_limited: "Too many messages. Wait a moment.",
  too_long: "That message is too long.",
  empty: "Write a message first.",
  bad_text: "That message has characters that cannot be shown.",
  no_character: "Create a character first.",
  party_full: "The party is full.",
  already_in_party: "That player is in a party already.",
  no_invitation: "That invitation is no longer open.",
  not_in_party: "You are not in a party.",
  already_asked: "You have invited that player a moment ago.",
};

/** What can be typed, for `/help`. */
export const SOCIAL_HELP = [
  '/w name text — whisper to a player; put names with spaces in quotes: /w "Anna Bell" hello',
  "/r text — reply to the player you whispered with last",
  "/p text — say to your party",
  "/invite name, /leave — invite to your party, or leave it",
];

/**
 * The push of a request of the chat.
 * @param {{ type: string, to?: string, text?: string }} request
 * @returns {{ event: string, payload: object } | null} Null for what needs a character in the world.
 */
export function pushOf({ type, to, text }) {
  switch (type) {
    case "Whisper":
      return { event: "whisper", payload: { to, text } };
    case "PartyChat":
      return { event: "party_chat", payload: { text } };
    case "PartyInvite":
      return { event: "party_invite", payload: { to } };
    case "PartyLeave":
      return { event: "party_leave", payload: {} };
    default:
      return null;
  }
}

/** Why a push was refused. */
export function refusalWords(code) {
  return Object.hasOwn(WORDS, code) ? WORDS[code] : "The server cannot be reached at the moment.";
}

/** A party in a sentence; an empty text for none. */
export function partyWords({ members }) {
  const names = members.map(({ character, online }) => (online ? character.name : `${character.name} (offline)`));
  return names.length === 0 ? "" : `Party: ${names.join(", ")}`;
}
