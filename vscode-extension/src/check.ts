// `ipclint check` as a task: its report in a terminal, where places can be clicked, from the palette or from tasks.json.

import * as vscode from "vscode";

import { chosenFolder, type Ipclint } from "./ipclint";

const TYPE = "ipclint";

interface Definition extends vscode.TaskDefinition {
  arguments?: string[];
}

export class CheckTasks implements vscode.TaskProvider {
  constructor(private readonly ipclint: Ipclint) {}

  async provideTasks(): Promise<vscode.Task[]> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    return Promise.all(folders.map((folder) => this.task({ type: TYPE }, folder)));
  }

  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const folder = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
    return folder && this.task(task.definition, folder);
  }

  /** Checks the folder that the user chooses. */
  async check(): Promise<void> {
    const folder = await chosenFolder();
    if (folder !== undefined) {
      await vscode.workspace.saveAll(false); // what is checked is what is on disk
      await vscode.tasks.executeTask(await this.task({ type: TYPE }, folder));
    }
  }

  private async task(definition: Definition, folder: vscode.WorkspaceFolder): Promise<vscode.Task> {
    const { program, args } = await this.ipclint.find();
    const options = { cwd: folder.uri.fsPath, env: { IPCLINT_BYTECODE: this.ipclint.environment()["IPCLINT_BYTECODE"] ?? "" } };
    const run = new vscode.ProcessExecution(program, [...args, "check", ...(definition.arguments ?? [])], options);
    const task = new vscode.Task(definition, folder, "check", "ipclint", run, []);
    task.presentationOptions = { clear: true, reveal: vscode.TaskRevealKind.Always };
    return task;
  }
}
