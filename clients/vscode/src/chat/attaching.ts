// Completes what can go along with a message, and asks for it: a file, a symbol, the selection, the problems of the editor.

import { Uri, window } from "vscode";
import type { AttachmentItem } from "../protocol";
import type { Wire } from "../server/wire";
import { fileChip, lastLine, problemsChip, readableChip, selectionChip } from "./chips";
import type { Chip, Completion } from "./draft";
import { commandCompletions } from "./slash";

const LIMIT = 12;

export async function complete(wire: Wire, sigil: "/" | "@", query: string): Promise<readonly Completion[]> {
  if (sigil === "/") {
    const { commands } = await wire.request("agent/command/list", {});
    return commandCompletions(commands, query);
  }
  const special = specials().filter(({ label }) => label.slice(1).startsWith(query.toLowerCase()));
  return [...special, ...(await named(wire, query))];
}

/** Files and symbols, as the server's index knows them. */
async function named(wire: Wire, query: string): Promise<readonly Completion[]> {
  const { items } = await wire.request("agent/attachment/complete", { query, limit: LIMIT });
  return items.flatMap((item) => {
    const chip = chipOf(item);
    return chip === undefined ? [] : [{ label: `@${chip.label}`, detail: item.detail, icon: chip.icon, insert: "", chip }];
  });
}

function chipOf({ kind, label, detail, uri, range }: AttachmentItem): Chip | undefined {
  if (uri === null || uri === undefined) {
    return undefined;
  }
  if (kind === "file") {
    return fileChip(Uri.parse(uri));
  }
  const lines = range === null || range === undefined ? undefined : { first: range.start.line, last: lastLine(range) };
  return { id: `${uri}#${label}`, icon: "symbol-method", label, title: detail, attachment: { uri }, lines };
}

/** Ask for something to attach, as the button beside the text does. */
export async function chooseAttachment(): Promise<Chip | undefined> {
  const special = specials().map(({ label, detail, icon, chip }) => ({
    label: `$(${icon}) ${label.slice(1)}`,
    description: detail,
    chip,
    uri: undefined,
  }));
  const file = { label: "$(file) Files…", description: "from this machine", chip: undefined, uri: undefined };
  const open = window.tabGroups.all
    .flatMap((group) => group.tabs.map((tab) => uriOf(tab.input)))
    .filter((uri): uri is Uri => uri !== undefined)
    .map((uri) => ({ label: `$(file) ${fileChip(uri).label}`, description: fileChip(uri).title, chip: undefined, uri }));
  const chosen = await window.showQuickPick([...special, ...open, file], { placeHolder: "Attach to the message" });
  if (chosen !== file) {
    // A tab may show a picture.
    return chosen?.uri === undefined ? chosen?.chip : readableChip(chosen.uri);
  }
  const [picked] = (await window.showOpenDialog({ canSelectMany: false, openLabel: "Attach" })) ?? [];
  return picked === undefined ? undefined : readableChip(picked);
}

function specials(): readonly Completion[] {
  const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
  const found: Completion[] = [];
  if (editor !== undefined) {
    const chip = selectionChip(editor);
    if (!editor.selection.isEmpty) {
      found.push({ label: "@selection", detail: chip.title, icon: "selection", insert: "", chip });
    }
    found.push({
      label: "@file",
      detail: fileChip(editor.document.uri).title,
      icon: "file",
      insert: "",
      chip: fileChip(editor.document.uri),
    });
  }
  const problems = problemsChip();
  if (problems !== undefined) {
    found.push({ label: "@diagnostics", detail: problems.title, icon: "warning", insert: "", chip: problems });
  }
  return found;
}

function uriOf(input: unknown): Uri | undefined {
  const uri = typeof input === "object" && input !== null && "uri" in input ? input.uri : undefined;
  return uri instanceof Uri && (uri.scheme === "file" || uri.scheme === "untitled") ? uri : undefined;
}
