// What the server refuses, and why a player leaves, in words for players.

import { LEAVE_REASONS, REFUSALS } from "../../../js/src/index.js";

/** A sentence for each refusal. */
const SENTENCES = {
  ProtocolMismatch: "This page is older than the world. Reload it.",
  HelloFirst: "The world is not ready for you yet.",
  BadMessage: "The world did not understand that.",
  RateLimited: "Slow down a little.",
  NotFound: "That is not there any more.",
  OutOfRange: "Too far away.",
  NoLineOfSight: "Something is in the way.",
  OnCooldown: "Not ready yet.",
  TooLittleResource: "You have too little strength for that.",
  Busy: "You are already casting.",
  Hindered: "You cannot move freely.",
  BadTarget: "That needs a fitting target.",
  NoSuchAbility: "You have not learned that yet.",
  Dead: "Not while you are dead.",
  NotDead: "You are alive and well.",
  InCombat: "Not in the middle of a fight.",
  NotYours: "That belongs to somebody else, for now.",
  BagFull: "Your bag is full.",
  TooLittleGold: "You have too little gold.",
  WrongPrice: "The price has changed. Look again.",
  NotUsable: "That cannot be worn or used.",
  NotAllowed: "Your class or level does not allow that.",
  ItemBusy: "That item is still being moved. Try again in a moment.",
  TradeBusy: "One of you is trading already.",
  NoTrade: "There is no trade.",
  StaleTrade: "The offers have changed. Look again before you agree.",
  BadText: "That text cannot be shown to others.",
  NoSuchChannel: "There is no other channel of that number.",
  TravelFailed: "The way there is closed at the moment.",
  NotOnline: "Nobody of that name is in the world.",
  PartyRefused: "The party is full, or that player is in another one.",
  NotCommitted: "That could not be written down. Nothing has changed.",
  StoreBusy: "The world is busy writing things down. Try again in a moment.",
  StoreAway: "The world cannot write that down at the moment. Nothing has changed.",
  AlreadyAsked: "You have asked already. Wait for the answer.",
  TooManyIgnored: "You ignore as many players as you can.",
  Muted: "An administrator has muted you. You can still read the chat.",
  InSafeZone: "You cannot harm anybody from inside a safe zone.",
};

/** Sentences that fit a request better than the general one. */
const BY_REQUEST = {
  Chat: { RateLimited: "You talk too fast. Wait a moment." },
  PartyChat: { RateLimited: "You talk too fast. Wait a moment.", NotFound: "You are in no party." },
  Whisper: { RateLimited: "You talk too fast. Wait a moment." },
  PartyInvite: { RateLimited: "You invite too fast. Wait a moment.", NotAllowed: "Only the leader can invite." },
  PartyAnswer: { NotFound: "That invitation is over." },
  PartyLeave: { NotFound: "You are in no party." },
  TradeRequest: { RateLimited: "You ask too fast. Wait a moment.", OutOfRange: "Go nearer to trade." },
  TradeAnswer: { NotFound: "That request is over." },
  VendorList: { OutOfRange: "Go nearer to the vendor." },
  VendorBuy: { OutOfRange: "Go nearer to the vendor.", NotFound: "That is not for sale any more." },
  VendorSell: { OutOfRange: "Go nearer to the vendor.", NotAllowed: "This vendor does not buy that." },
  VendorBuyBack: { OutOfRange: "Go nearer to the vendor.", NotFound: "That cannot be bought back any more." },
  PickUp: { OutOfRange: "Go nearer to pick that up.", NotFound: "Somebody was faster." },
  DropItem: { NotAllowed: "Take it off before you drop it." },
  UseItem: { OnCooldown: "You have just used something. Wait a moment." },
  Portal: { TravelFailed: "The way there is closed at the moment. Step in again later." },
  Experience: { NotCommitted: "Your last kill could not be written down." },
};

/**
 * A refusal as a sentence.
 * @param {{ request: string, reason: string }} refused The message `Refused`.
 * @param {string} [resource] What the class calls its resource: "Rage".
 */
export function refusalSentence({ request, reason }, resource = "strength") {
  if (reason === "TooLittleResource") return `Too little ${resource.toLowerCase()}.`;
  return BY_REQUEST[request]?.[reason] ?? SENTENCES[reason] ?? REFUSALS[reason] ?? "That is not possible.";
}

/** Why a player had to leave: a title, and what it means. */
const GOODBYES = {
  Logout: ["You were logged out", "Elsewhere, or by the people who run this world. Everything you own is safe."],
  ConnectionLost: [
    "The connection was lost",
    "The world waited for you as long as it could. Everything you own is safe.",
  ],
  Replaced: [
    "Your account is playing elsewhere",
    "Somebody entered the world with it from another place or another tab.",
  ],
  Kicked: ["You were sent away", "The people who run this world, or the world itself, have ended your stay."],
  ServerClosing: ["The world is shutting down", "Everything you own is safe."],
  ChannelFailed: ["This part of the world has failed", "Everything you own is safe."],
  Abuse: ["You were sent away", "What this page sent broke the rules of the world."],
  StoreAway: ["The world cannot write anything down", "What you did in the last minutes may be lost."],
  MovedOn: ["The world has moved on", "While it could not write anything down, your character went on elsewhere."],
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
