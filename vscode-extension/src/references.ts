// What a code lens of the server opens: the places on the other side of a trust boundary, in the editor's own peek view.

import * as vscode from "vscode";
import type { ClientCapabilities, StaticFeature } from "vscode-languageclient";
import type { Location, Position } from "vscode-languageclient";

export const SHOW_REFERENCES = "ipclint.showReferences";

/** Tells the server that its lenses may use the command. */
export const references: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities) {
    const others = capabilities.experimental as Record<string, unknown> | undefined;
    capabilities.experimental = { ...others, commands: { commands: [SHOW_REFERENCES] } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

/** Shows places around a position of a document, all in the protocol's terms. */
export async function showReferences(uri: string, at: Position, places: Location[]): Promise<void> {
  const position = ({ line, character }: Position) => new vscode.Position(line, character);
  const locations = places.map(
    ({ uri, range }) => new vscode.Location(vscode.Uri.parse(uri), new vscode.Range(position(range.start), position(range.end))),
  );
  await vscode.commands.executeCommand("editor.action.showReferences", vscode.Uri.parse(uri), position(at), locations);
}
