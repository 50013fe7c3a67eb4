// A player on a real server, in Node or in a browser: it walks, asks, waits for an answer, and logs out.

import { Api, Display, Entry } from "../../src/index.js";

/** How long somebody may take to answer. */
const PATIENCE_MS = 30_000;
const QUESTION = "Is anybody there?";
const ANSWER = "I am.";
/** Ticks for which it walks south. */
const WALK_TICKS = 60;

/**
 * Plays.
 * @param {string} base The URL of the API.
 * @param {string} name A name that nobody has yet, for the account and the character.
 * @returns {Promise<object>} What it saw.
 */
export async function play(base, name) {
  const api = new Api(base);
  const { access_token: token } = await api.register(name, "correct horse battery");
  const character = await api.createCharacter(token, name, (await api.classes())[0].id);
  const entry = new Entry(await api.gatewayUrl(), token, character.id);
  const saw = { name, walked: 0, others: [], moved: 0, heard: null, refused: [] };
  let answered;
  const answer = new Promise((resolve, reject) => {
    answered = resolve;
    setTimeout(() => reject(new Error(`nobody answered ${name}`)), PATIENCE_MS);
  });
  let ticks = 0;
  let display = null;
  const heading = () => (ticks < WALK_TICKS ? 64 : null);

  const client = await entry.enter({
    intent() {
      ticks += 1;
      return { heading: heading() };
    },
    onTick: ({ session }) => display?.takeTick(session, { heading: heading() }, performance.now()),
    onSnapshot: ({ session }) => display?.takeSnapshot(session, performance.now()),
    onMessage(message) {
      if (message.type === "Refused") saw.refused.push(message.reason);
      if (message.type === "Chat" && message.text === ANSWER) {
        saw.heard = message.from;
        answered();
      }
    },
  });
  const { tick_hz: tickHz, entity: own } = client.session.welcome;
  display = new Display(tickHz);
  const start = { ...client.position };
  const places = new Map();
  const frames = setInterval(() => {
    display.advance(client.session, heading(), performance.now());
    for (const [id, entity] of client.session.world.entities()) {
      const place = display.place(client.session, id);
      if (!place || id === own || entity.kind !== "Player") continue;
      const first = places.get(id) ?? place;
      places.set(id, first);
      saw.moved = Math.max(saw.moved, Math.abs(place.x - first.x), Math.abs(place.y - first.y));
      if (!saw.others.includes(entity.name)) saw.others.push(entity.name);
    }
  }, 1000 / 60);

  while (ticks < WALK_TICKS + 15) await new Promise((resolve) => setTimeout(resolve, 20));
  saw.walked = Math.hypot(client.position.x - start.x, client.position.y - start.y);
  client.ask({ type: "Chat", text: QUESTION });
  await answer;
  clearInterval(frames);
  saw.corrections = client.session.corrections;
  const { left } = await client.logOut();
  entry.close();
  return { ...saw, left };
}
