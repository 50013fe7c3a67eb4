// The whispers and the party of a player who is in no world.

/** Goes back to the choice of a character. */
export async function leavesTheWorld(player) {
  await player.page.getByRole("button", { name: "Menu" }).click();
  await player.page.getByRole("button", { name: "Switch character" }).click();
  await player.page.getByRole("heading", { name: "Who will you be?" }).waitFor();
}

/** The messages that the page shows where a character is chosen or made. */
export class Chooser {
  constructor(player) {
    this.player = player;
    this.panel = player.page.getByRole("region", { name: "Messages" });
    this.line = this.panel.getByLabel("Write to a player or to your party");
  }

  async types(text) {
    await this.line.fill(text);
    await this.line.press("Enter");
  }

  said(text) {
    return this.panel.getByRole("log").locator(".line").filter({ hasText: text }).last();
  }

  /** Gets a whisper from a player in the world. The first one may find the socket not open yet. */
  async isWhisperedBy(other, text) {
    await other.until(`${this.player.name} can be whispered to`, async () => {
      await other.types(`/w ${this.player.name} ${text}`);
      return this.said(text).waitFor({ timeout: 3_000 }).then(() => true, () => false);
    });
  }
}
