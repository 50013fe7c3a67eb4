// All three kill one boar: each of them is told that it was theirs. Where the bots were faster there is another one.

const NAME = "Boar";
/** The only mob of the map with so much health. */
const BOAR = ({ kind, health }) => kind === "Mob" && health > 100;
/** So long the news of a kill may take. */
const TOLD_WITHIN_MS = 1_500;
/** All have found and struck a boar long before it is dead; a machine that is held up may need a second one. */
const ATTEMPTS_MS = 300_000;
/** The own character is in the middle of the window. */
const MIDDLE_PX = 640;

/** Walks east as far as Rusty, and looks at one enemy after the other there, until the boar is the target. */
async function findsTheBoar(player) {
  const isThere = async () => ((await player.sees("Rusty"))?.x ?? Infinity) <= MIDDLE_PX;
  await player.holding(["KeyD"], () => player.until("Rusty beside it", isThere));
  await player.until("the boar is the target", async () => {
    if (await player.isTarget(NAME)) return true;
    await player.presses("Tab");
    await player.page.waitForTimeout(150);
    return player.isTarget(NAME);
  });
}

/** Whoever clicks on the target walks up and strikes, again and again. The boar walks too: a click may miss it. */
async function fightsByMouse(player) {
  const whole = await player.healthOfTarget();
  let isPictured = false;
  await player.until("the boar is dead", async () => {
    const health = await player.healthOfTarget();
    if (health === 0 || !(await player.isTarget(NAME))) return true;
    if (health < whole && !isPictured) {
      await player.picture("together-fight-blows-Anna");
      isPictured = true;
    }
    const seen = await player.sees(NAME);
    if (seen) await player.page.mouse.click(seen.x, seen.y + 40);
    await player.page.waitForTimeout(700);
    return false;
  });
}

const said = (player) => player.page.locator(".line").filter({ hasText: `You have killed a ${NAME.toLowerCase()}.` }).count();
const counts = async ({ anna, bert, rusty }) => [await said(anna), await said(bert), rusty.picture.hits];

/** One boar, until it is dead. Answers whether it was everybody's. */
async function killTogether({ anna, bert, rusty }) {
  // The one before may have killed them. Who lives is told that it cannot return, which does not matter.
  await Promise.all([anna.livesOn(), bert.livesOn(), rusty.say({ type: "Respawn" })]);
  await rusty.walk(19, 10);
  await rusty.until("it is where it walks", ({ place }) => Math.abs(place.x - 19 * 1024) < 400);
  const before = await counts({ anna, bert, rusty });
  await Promise.all([findsTheBoar(anna), findsTheBoar(bert)]);
  const { others } = await rusty.until("the boar in view", (picture) => picture.others.some(BOAR));
  const { entity: boar, health: whole } = others.find(BOAR);
  const healthOf = ({ others }) => others.find(({ entity }) => entity === boar)?.health ?? 0;
  const isBelow = (health) => (picture) => healthOf(picture) < health;
  // They wait for each other, or whoever is quick kills it alone: a blow of Rusty's brings it to where Bert stands, then Anna
  // strikes, who has to walk up, then both.
  await rusty.attack(boar);
  const wounded = await rusty.until("Rusty has struck the boar", isBelow(whole));
  await rusty.attack(null);
  const bertJoins = async () => {
    await rusty.until("Anna has struck it", isBelow(healthOf(wounded)));
    await bert.holding(["Digit1"], () => rusty.until("the boar is dead", isBelow(1)));
  };
  await Promise.all([bertJoins(), fightsByMouse(anna)]);
  await anna.page.waitForTimeout(TOLD_WITHIN_MS);
  const after = await counts({ anna, bert, rusty });
  return after.every((count, index) => count > before[index]);
}

export async function fight(company) {
  const { anna, bert } = company;
  await anna.until("a boar that all have killed", () => killTogether(company), ATTEMPTS_MS);
  for (const player of [anna, bert]) {
    const isWiser = async () => (await player.experience()) > 0 || (await player.said("reached level 2").isVisible());
    await player.until("experience", isWiser);
  }
}
