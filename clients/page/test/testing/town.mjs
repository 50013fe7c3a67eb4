// What a newcomer does in the town of the first map.

/** Walks to the smith, who is west of where newcomers stand, and asks what there is to buy. */
export async function visitsTheSmith(visitor) {
  const { page } = visitor;
  const reach = page.getByRole("button", { name: "Trade with" });
  await visitor.until("the smith in reach", async () => {
    await page.keyboard.press("KeyA", { delay: 150 });
    return reach.isVisible();
  });
  await reach.click();
  const goods = page.getByRole("list", { name: "For sale" }).getByRole("listitem");
  await visitor.until("the smith's goods", async () => (await goods.count()) > 0);
}

/** Says something to everybody, and waits until it is heard. */
export async function speaks({ page }, line) {
  const input = page.getByLabel("Say something");
  await input.fill(line);
  await input.press("Enter");
  await page.getByRole("log", { name: "Chat" }).getByText(line).first().waitFor();
}
