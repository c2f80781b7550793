// The commands of the extension, run with the packaged server.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as vscode from "vscode";

import { eventually, file, findings, read, write } from "./helpers";

interface Sarif {
  runs: { results: { partialFingerprints: Record<string, string> }[] }[];
}

describe("commands", () => {
  it("are all declared and all there", async () => {
    const declared = extension().contributes.commands.map(({ command }) => command);
    const there = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      declared.filter((name) => !there.has(name)),
      [],
    );
  });

  it("restart gives the findings back", async () => {
    await vscode.commands.executeCommand("ipclint.stop");
    await eventually("no findings", () => findings("Helper/Trust.swift").length === 0);
    await vscode.commands.executeCommand("ipclint.restart");
    await eventually("findings", () => findings("Helper/Trust.swift").length > 0);
  });

  it("check the workspace in a task that says what is found and fails", async () => {
    const [task] = await vscode.tasks.fetchTasks({ type: "ipclint" });
    assert.ok(task?.execution instanceof vscode.ProcessExecution);
    const { process: program, args, options } = task.execution; // run here: an editor without a terminal cannot
    const { status, stdout } = spawnSync(program, args, {
      cwd: options?.cwd ?? "",
      env: { ...process.env, ...options?.env },
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stdout, /Helper\/HelperDelegate\.swift:4:10: critical\/certain xpc\/listener-accepts-unverified-peer/);
  });

  it("explain a rule beside the code", async () => {
    await vscode.commands.executeCommand("ipclint.explainRule", "xpc/listener-accepts-unverified-peer");
    await eventually("the page", () => tabs().some(({ label }) => label.includes("listener-accepts-unverified-peer")));
    const page = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: "ipclint-rule", path: "XPC101.md" }));
    assert.match(page.getText(), /^# Anyone may connect to this listener/);
  });

  it("export SARIF with fingerprints", async () => {
    const target = file("out.sarif");
    void vscode.commands.executeCommand("ipclint.exportSarif", target);
    const text = await eventually("the file", async () => (await exists(target)) && (await read(target)));
    const { results } = (JSON.parse(text) as Sarif).runs[0] ?? { results: [] };
    assert.ok(results.length > 10);
    assert.ok(results.every(({ partialFingerprints }) => Object.keys(partialFingerprints).length > 0));
    await vscode.workspace.fs.delete(target);
  });

  it("write a baseline, by which the server goes once ipclint.toml names it", async () => {
    void vscode.commands.executeCommand("ipclint.newBaseline");
    await eventually("the baseline", () => exists(file("ipclint-baseline.json")));
    await write(file("ipclint.toml"), 'baseline = "ipclint-baseline.json"\n');
    await eventually("no findings", () => findings("Helper/Trust.swift").length === 0);
    await vscode.workspace.fs.delete(file("ipclint.toml"));
    await vscode.workspace.fs.delete(file("ipclint-baseline.json"));
    await eventually("findings", () => findings("Helper/Trust.swift").length > 0);
  });

  it("open the surface map", async () => {
    await vscode.commands.executeCommand("ipclint.showSurface");
    await eventually("the panel", () => tabs().some(({ label }) => label === "IPC Surface"));
  });
});

describe("settings", () => {
  it("of a Python that does not serve leave no server, and taken back bring it again", async () => {
    const settings = vscode.workspace.getConfiguration("ipclint");
    await settings.update("interpreter", "/nowhere/python", vscode.ConfigurationTarget.Global);
    await eventually("no findings", () => findings("Helper/Trust.swift").length === 0);
    await settings.update("interpreter", undefined, vscode.ConfigurationTarget.Global);
    await eventually("findings", () => findings("Helper/Trust.swift").length > 0);
  });

  it("are all documented, and those that name programs are not taken from an untrusted workspace", () => {
    const { contributes, capabilities } = extension();
    const settings = Object.entries(contributes.configuration.properties);
    assert.deepEqual(
      settings.filter(([, { markdownDescription }]) => !markdownDescription),
      [],
    );
    const machine = settings.filter(([, { scope }]) => scope === "machine-overridable").map(([name]) => name);
    assert.deepEqual(new Set(capabilities.untrustedWorkspaces.restrictedConfigurations), new Set(machine));
  });
});

interface Manifest {
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { markdownDescription?: string; scope?: string }> };
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

function extension(): Manifest {
  return vscode.extensions.getExtension<unknown>("ipclint.ipclint")?.packageJSON as Manifest;
}

function tabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(uri)).size > 0;
  } catch {
    return false;
  }
}
