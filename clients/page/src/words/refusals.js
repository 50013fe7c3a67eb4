// What the server refuses, and why a player leaves, in words for players.

import { LEAVE_REASONS, REFUSALS } from "../../../js/src/index.js";

/** A sentence for each refusal. */
const SENTENCES = {
  ProtocolMismatch: "The game has been updated. Reload the page.",
  HelloFirst: "You are still entering the world.",
  BadMessage: "The server did not understand that.",
  RateLimited: "Slow down a little.",
  NotFound: "That is no longer there.",
  OutOfRange: "Too far away.",
  NoLineOfSight: "Something is in the way.",
  OnCooldown: "Not ready yet.",
  TooLittleResource: "Not enough strength.",
  Busy: "You are already casting.",
  Hindered: "You cannot do that while rooted or stunned.",
  BadTarget: "You need a valid target.",
  NoSuchAbility: "You have not learned that yet.",
  Dead: "You cannot do that while dead.",
  NotDead: "You are not dead.",
  InCombat: "You cannot do that in combat.",
  NotYours: "That belongs to someone else for now.",
  BagFull: "Your bag is full.",
  TooLittleGold: "Not enough gold.",
  WrongPrice: "The price has changed. Check it again.",
  NotUsable: "That cannot be worn or used.",
  NotAllowed: "Your class or level does not allow that.",
  ItemBusy: "That item is still being moved. Try again in a moment.",
  TradeBusy: "One of you is already trading.",
  NoTrade: "You are not trading with anyone.",
  StaleTrade: "The offers have changed. Check them before you agree.",
  BadText: "That text cannot be sent.",
  NoSuchChannel: "There is no other channel with that number.",
  TravelFailed: "You cannot travel there at the moment.",
  NotOnline: "No player with that name is in the world.",
  PartyRefused: "The party is full, or that player is already in one.",
  NotCommitted: "That could not be saved. Nothing has changed.",
  StoreBusy: "The server is busy saving. Try again in a moment.",
  StoreAway: "The server cannot save that at the moment. Nothing has changed.",
  AlreadyAsked: "You have already asked. Wait for the answer.",
  TooManyIgnored: "Your list of ignored players is full.",
  Muted: "An administrator has muted you. You can still read the chat.",
  InSafeZone: "You cannot attack from inside a safe zone.",
};

/** Sentences that fit a request better than the general one. */
const BY_REQUEST = {
  Chat: { RateLimited: "You are sending messages too fast. Wait a moment." },
  PartyChat: { RateLimited: "You are sending messages too fast. Wait a moment.", NotFound: "You are not in a party." },
  Whisper: { RateLimited: "You are sending messages too fast. Wait a moment." },
  PartyInvite: { RateLimited: "You are sending invitations too fast. Wait a moment.", NotAllowed: "Only the leader can invite." },
  PartyAnswer: { NotFound: "That invitation has expired." },
  PartyLeave: { NotFound: "You are not in a party." },
  TradeRequest: { RateLimited: "You are sending requests too fast. Wait a moment.", OutOfRange: "Move closer to trade." },
  TradeAnswer: { NotFound: "That request has expired." },
  VendorList: { OutOfRange: "Move closer to the vendor." },
  VendorBuy: { OutOfRange: "Move closer to the vendor.", NotFound: "That is no longer for sale." },
  VendorSell: { OutOfRange: "Move closer to the vendor.", NotAllowed: "This vendor does not buy that." },
  VendorBuyBack: { OutOfRange: "Move closer to the vendor.", NotFound: "That can no longer be bought back." },
  PickUp: { OutOfRange: "Move closer to pick that up.", NotFound: "Someone else was faster." },
  DropItem: { NotAllowed: "Take it off before you drop it." },
  UseItem: { OnCooldown: "You have just used an item. Wait a moment." },
  Portal: { TravelFailed: "You cannot travel there at the moment. Try the portal again later." },
  Experience: { NotCommitted: "Experience from your last kill could not be saved." },
};

/**
 * A refusal as a sentence.
 * @param {{ request: string, reason: string }} refused The message `Refused`.
 * @param {string} [resource] What the class calls its resource: "Rage".
 */
export function refusalSentence({ request, reason }, resource = "strength") {
  if (reason === "TooLittleResource") return `Not enough ${resource.toLowerCase()}.`;
  return BY_REQUEST[request]?.[reason] ?? SENTENCES[reason] ?? REFUSALS[reason] ?? "That is not possible.";
}

/** Why a player had to leave: a title, and what it means. */
const GOODBYES = {
  Logout: ["You were logged out", "You logged out elsewhere, or an administrator ended your login. Everything you own is safe."],
  ConnectionLost: [
    "The connection was lost",
    "You did not reconnect in time. Everything you own is safe.",
  ],
  Replaced: [
    "Your account is in use elsewhere",
    "It entered the world from another device or another tab.",
  ],
  Kicked: ["You were kicked", "An administrator or the server removed you from the world."],
  ServerClosing: ["The server is shutting down", "Everything you own is safe."],
  ChannelFailed: ["This channel has failed", "Everything you own is safe."],
  Abuse: ["You were disconnected", "This page sent something that the server does not allow."],
  StoreAway: ["The server cannot save", "Your progress of the last few minutes may be lost."],
  MovedOn: ["Your character is in use elsewhere", "The server could not save for some time. Unsaved progress is lost."],
};

/**
 * Why the server has sent the player away.
 * @param {string} reason A `LeaveReason`.
 * @returns {{ title: string, text: string }}
 */
export function goodbye(reason) {
  const [title, text] = GOODBYES[reason] ?? ["You have left the world", LEAVE_REASONS[reason] ?? ""];
  return { title, text };
}

/** For tests: what has a sentence of its own. */
export const WORDED = { refusals: Object.keys(SENTENCES), reasons: Object.keys(GOODBYES) };
