// The way of a user through the packaged extension, with pictures: squiggle → problem → fix → file on disk → surface.
import * as fs from "node:fs";
import * as path from "node:path";

import { barriers, choose, command, goTo, offered, openFile, until, webview } from "./steps.mjs";

/** Runs the whole way; throws where it ends. Pictures land in `shots`. */
export async function runUi(editor, workspace, shots) {
  fs.mkdirSync(shots, { recursive: true });
  const began = Date.now();
  const page = await editor.open(workspace);
  const step = (name) => console.log(`  ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  const shot = (name) => page.screenshot({ path: path.join(shots, `${name}.png`) });
  try {
    await findings(page, step, shot);
    await fix(page, workspace, step, shot);
    await surface(page, step, shot);
    await server(page, step);
  } catch (error) {
    await shot("failure");
    throw error;
  } finally {
    await page.context().close();
  }
}

async function findings(page, step, shot) {
  await openFile(page, "HelperDelegate.swift");
  await page.waitForSelector(".squiggly-error", { timeout: 60_000 });
  step("a squiggle in the editor");
  const listed = page.locator('.statusbar-item[aria-label^="ipclint: running"]', { hasText: /ipclint \d\d/ }); // in other files, too
  await listed.waitFor({ timeout: 60_000 });
  step("the status item counts the findings of the workspace");
  await page.keyboard.press("Control+Shift+m");
  await page.locator('.panel input[placeholder^="Filter"]').fill("accepts every process");
  await page.waitForSelector('.markers-panel .monaco-list-row:has-text("accepts every process")', { timeout: 60_000 });
  await page.waitForSelector('.markers-panel .monaco-list-row:has-text("the listener for")', { timeout: 60_000 });
  step("a problem with its story as related information");
  await page.keyboard.press("Control+1");
  await goTo(page, "4:12");
  await command(page, "Show or Focus Hover");
  await page.waitForSelector('.monaco-hover:has-text("Anyone may connect to this listener")', { timeout: 60_000 });
  step("a hover that explains the rule");
  await shot("finding");
  await page.keyboard.press("Escape");
}

async function fix(page, workspace, step, shot) {
  const before = await counted(page);
  await openFile(page, "Parcel.m");
  await page.waitForSelector(".squiggly-error", { timeout: 60_000 });
  await offered(page, "8:30", "Decode with the expected class");
  await shot("fix");
  await page.keyboard.press("Enter");
  await page.waitForSelector('.view-line:has-text("decodeObjectOfClass")', { timeout: 60_000 });
  await page.keyboard.press("Control+s");
  const file = path.join(workspace, "Shared/Parcel.m");
  await until(page, "the file on disk is the fixed one", () =>
    fs.readFileSync(file, "utf8").includes('decodeObjectOfClass:[NSString class] forKey:@"title"'),
  );
  step("a quick fix, and the file on disk");
  await page.waitForSelector(`.statusbar-item[aria-label^="ipclint: running"]:has-text("ipclint ${before - 1}")`, {
    timeout: 60_000,
  });
  step("one finding less");
}

/** How many findings the status item tells of. */
async function counted(page) {
  return Number((await page.locator('.statusbar-item[aria-label^="ipclint: running"]').innerText()).match(/\d+/)[0]);
}

async function surface(page, step, shot) {
  await command(page, "ipclint: Focus on IPC Surface View");
  await page.waitForSelector('.pane-body .monaco-list-row:has-text("com.example.courier.helper")', { timeout: 60_000 });
  step("the view of the surface");
  await command(page, "View: Hide Panel");
  await command(page, "ipclint: Show Surface Map");
  const map = webview(page);
  const endpoint = map.locator('.endpoint:has-text("com.example.courier.helper")').first();
  await endpoint.waitFor({ timeout: 60_000 });
  await endpoint.focus();
  await page.keyboard.press("Enter");
  await map.locator("aside h2").waitFor();
  await page.waitForTimeout(300);
  await shot("surface");
  step("the map, by keyboard");
  const found = await barriers(page);
  if (found.length > 0) throw new Error(`the map is not for everyone:\n${found.join("\n")}`);
  step("nothing in the map is in the way of people with a screen reader");
  await map.locator("aside .link").first().click();
  await page.waitForSelector('.editor-group-container .tab.active:has-text(".swift")', { timeout: 60_000 });
  step("the code behind an endpoint");
}

async function server(page, step) {
  await command(page, "ipclint: Stop Server");
  await page.waitForSelector('.statusbar-item[aria-label^="ipclint: stopped"]', { timeout: 60_000 });
  await command(page, "ipclint: Restart Server");
  await page.waitForSelector('.statusbar-item[aria-label^="ipclint: running"]', { timeout: 60_000 });
  step("stopped and started again");
  await command(page, "ipclint: Explain Rule");
  await choose(page, "Which rule?", "XPC101", "XPC101");
  await page.waitForSelector('.tab:has-text("listener-accepts-unverified-peer")', { timeout: 60_000 });
  step("a rule explained");
}
