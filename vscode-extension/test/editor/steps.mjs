// What a user does at the keyboard, and waiting for what comes of it.

import * as fs from "node:fs";
import { createRequire } from "node:module";

/** Runs a command from the palette. */
export async function command(page, title) {
  await page.keyboard.press("F1");
  await choose(page, "Type the name of a command", title, title);
}

/** Opens a file by its name. */
export async function openFile(page, name) {
  await page.keyboard.press("Control+p");
  await choose(page, "Search files by name", name, name);
  await page.waitForSelector(`.tab.active:has-text("${name}")`);
}

/** Moves the cursor of the active editor to `line:column`. */
export async function goTo(page, place) {
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".quick-input-widget input:visible");
  await page.keyboard.type(place);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-widget", { state: "hidden" });
}

/** Opens the menu of fixes at `line:column` until it offers this one: one that opens too early says "none" and stays so. */
export async function offered(page, place, title) {
  for (let tries = 0; ; tries++) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+1");
    await goTo(page, place);
    await page.keyboard.press("Control+.");
    const row = page.locator(`.action-widget .monaco-list-row.focused:has-text("${title}")`);
    try {
      return await row.waitFor({ timeout: 8_000 });
    } catch (error) {
      if (tries === 6) throw error;
    }
  }
}

/** Types into the open list, which is known by how its empty field reads, and takes the row with the text. */
export async function choose(page, placeholder, typed, row) {
  await page.waitForSelector(`.quick-input-widget input[placeholder^="${placeholder}"]:visible`);
  await page.keyboard.type(typed);
  await page.waitForSelector(`.quick-input-list .monaco-list-row.focused:has-text("${row}")`);
  await page.keyboard.press("Enter");
}

/** Waits until a condition of this process holds. */
export async function until(page, what, holds) {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 100) throw new Error(`not so after 10 s: ${what}`);
    await page.waitForTimeout(100);
  }
}

/** What stands in the way of people who use a keyboard or a screen reader, in the page of a webview. */
export async function barriers(page) {
  const frame = await (await webview(page).locator("main").elementHandle()).ownerFrame();
  await frame.evaluate(fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await frame.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`).join(", ")}`,
  );
}

/** The frame that a webview's page runs in. */
export function webview(page) {
  return page.frameLocator("iframe.webview.ready").last().frameLocator("#active-frame");
}
