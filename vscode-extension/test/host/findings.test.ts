// What the editor is told by the packaged server: findings, fixes, hovers, across files and for unsaved changes.

import assert from "node:assert/strict";
import * as vscode from "vscode";

import { eventually, file, findings, rule } from "./helpers";

const DECODE = "xpc/untyped-decode-in-coder";

describe("findings", () => {
  it("of the whole workspace are there without a file being opened", async () => {
    const found = await eventually("findings", () => findings("Shared/Parcel.m").length > 0 && findings("Shared/Parcel.m"));
    assert.deepEqual(new Set(found.map(rule)), new Set([DECODE]));
    assert.ok(findings("Helper/Helper-Info.plist").length > 0, "of property lists, too");
  });

  it("tell their story as related information and link to their rule", () => {
    const [first] = findings("Shared/Parcel.m");
    assert.match(first?.relatedInformation?.[0]?.location.uri.path ?? "", /HelperProtocol\.swift$/);
    assert.ok(typeof first?.code === "object" && first.code.target.scheme !== "");
  });

  it("have fixes that are applied", async () => {
    const document = await vscode.workspace.openTextDocument(file("Shared/Parcel.m"));
    const [first] = findings("Shared/Parcel.m");
    assert.ok(first);
    const title = "Decode with the expected class";
    const action = await eventually("the quick fix", async () => {
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        "vscode.executeCodeActionProvider",
        document.uri,
        first.range,
        "quickfix",
        10,
      );
      return actions.find((each) => each.title === title);
    });
    assert.ok(action.edit && (await vscode.workspace.applyEdit(action.edit)));
    assert.match(document.getText(), /decodeObjectOfClass:\[NSString class\] forKey:@"title"/);
    await eventually("one finding less", () => findings("Shared/Parcel.m").length === 1);
  });

  it("follow what is typed in another file, unsaved", async () => {
    const helper = "Helper/HelperDelegate.swift";
    const before = await eventually("the open listener", () =>
      findings(helper).find((each) => rule(each).startsWith("xpc/listener-accepts")),
    );
    const document = await vscode.workspace.openTextDocument(file(helper));
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, before.range.start.with({ character: 0 }), "    // ipclint:ignore XPC101 -- for a test\n");
    await vscode.workspace.applyEdit(edit);
    await eventually("no finding", () => !findings(helper).some((each) => rule(each).startsWith("xpc/listener-accepts")));
    await vscode.commands.executeCommand("undo");
    await eventually("the finding again", () => findings(helper).some((each) => rule(each).startsWith("xpc/listener-accepts")));
  });

  it("stand beside lenses that show the other side of a boundary", async () => {
    const lens = await eventually("a lens", async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        "vscode.executeCodeLensProvider",
        file("Helper/HelperDelegate.swift"),
        10,
      );
      return lenses.find(({ command }) => command?.command === "ipclint.showReferences");
    });
    const given = (lens.command?.arguments ?? []) as [uri: string, at: unknown, places: { uri: string }[]];
    const [uri, , places] = given;
    assert.match(uri, /HelperDelegate\.swift$/);
    assert.ok(places.some((place) => place.uri.endsWith("App/HelperClient.swift")));
    await vscode.commands.executeCommand("ipclint.showReferences", ...given);
  });

  it("explain themselves in a hover", async () => {
    const [first] = findings("Helper/Trust.swift");
    assert.ok(first);
    await vscode.workspace.openTextDocument(file("Helper/Trust.swift"));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      file("Helper/Trust.swift"),
      first.range.start,
    );
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((each) => (each as vscode.MarkdownString).value)
      .join("\n");
    assert.match(text, new RegExp(rule(first).replace(".", "\\.")));
  });
});
