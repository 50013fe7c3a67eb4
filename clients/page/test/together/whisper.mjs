// What is said to one is heard by that one alone.

export async function whisper({ anna, bert, rusty }) {
  await anna.types("/w Bert psst, over here");
  await bert.said("psst, over here").waitFor();
  await bert.types("/r I hear you");
  await anna.said("I hear you").waitFor();
  await anna.types("/w Rusty are you made of iron?");
  await rusty.until("it is whispered to", ({ heard }) => heard.includes("Whisper Anna: are you made of iron?"));
  await rusty.say({ type: "Whisper", to: "Bert", text: "only outside" });
  await bert.said("only outside").waitFor();
  await bert.types("good morning to all");
  await anna.said("good morning to all").waitFor();
  await rusty.until("it hears who speaks to all", ({ heard }) => heard.includes("Channel Bert: good morning to all"));
  if (await anna.said("only outside").isVisible()) throw new Error("Anna hears what was whispered to Bert");
  if (rusty.picture.heard.some((line) => line.includes("psst"))) throw new Error("Rusty hears what was whispered to Bert");
}
