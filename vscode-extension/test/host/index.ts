// Runs every test of this folder in the extension host that loads it.

import * as fs from "node:fs";
import * as path from "node:path";

import Mocha from "mocha";

export function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: 60_000, reporter: Mocha.reporters.Base });
  const said: string[] = [];
  fs.readdirSync(__dirname)
    .filter((name) => name.endsWith(".test.js"))
    .forEach((name) => mocha.addFile(path.join(__dirname, name)));
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      console.log("ipclint-tests:", said.join("\n"));
      if (failures > 0) {
        reject(new Error(`${failures} tests failed`));
      } else {
        resolve();
      }
    });
    runner.on("pass", (test) => said.push(`  ok    ${test.fullTitle()} (${test.duration ?? 0} ms)`));
    runner.on("fail", (test, error: Error) => said.push(`  FAIL  ${test.fullTitle()}\n${error.stack ?? error.message}`));
  });
}
