// What can go along with a message: a file, a symbol, the selection, the problems of the editor. Makes chips of them and completes their names.

import { type Diagnostic, DiagnosticSeverity, languages, type TextEditor, Uri, window, workspace } from "vscode";
import type { Attachment } from "../protocol";
import type { Wire } from "../server/wire";
import type { Chip, Completion } from "./draft";
import { commandCompletions } from "./slash";

const LIMIT = 12;
const MOST_PROBLEMS = 50;

export async function complete(wire: Wire, sigil: "/" | "@", query: string): Promise<readonly Completion[]> {
  if (sigil === "/") {
    const { commands } = await wire.request("agent/command/list", {});
    return commandCompletions(commands, query);
  }
  const special = specials().filter(({ label }) => label.slice(1).startsWith(query.toLowerCase()));
  return [...special, ...(await named(query))];
}

/** Files whose path has the words in it. */
async function named(query: string): Promise<readonly Completion[]> {
  const safe = query.replace(/[[\]{}*?]/g, "");
  const files = await workspace.findFiles(`**/*${safe}*`, undefined, LIMIT);
  return files.map((uri) => {
    const chip = fileChip(uri);
    return { label: `@${chip.label}`, detail: chip.title, icon: "file", insert: "", chip };
  });
}

/** Ask for something to attach, as the button beside the text does. */
export async function chooseAttachment(): Promise<Chip | undefined> {
  const special = specials().map(({ label, detail, icon, chip }) => ({ label: `$(${icon}) ${label.slice(1)}`, description: detail, chip }));
  const file = { label: "$(file) Files…", description: "from this machine", chip: undefined };
  const open = window.tabGroups.all
    .flatMap((group) => group.tabs.map((tab) => uriOf(tab.input)))
    .filter((uri): uri is Uri => uri !== undefined)
    .map(fileChip)
    .map((chip) => ({ label: `$(file) ${chip.label}`, description: chip.title, chip }));
  const chosen = await window.showQuickPick([...special, ...open, file], { placeHolder: "Attach to the message" });
  if (chosen !== file) {
    return chosen?.chip;
  }
  const [picked] = (await window.showOpenDialog({ canSelectMany: false, openLabel: "Attach" })) ?? [];
  return picked === undefined ? undefined : fileChip(picked);
}

export function fileChip(uri: Uri): Chip {
  const path = workspace.asRelativePath(uri);
  return { id: uri.toString(), icon: "file", label: path.split("/").at(-1) ?? path, title: path, attachment: { uri: uri.toString() } };
}

/** What a fork brings along of what was attached before. */
export function attachedAgain(attachment: Attachment): Chip {
  const uri = attachment.uri ?? undefined;
  if (uri === undefined) {
    const text = attachment.text ?? "";
    return { id: text, icon: "selection", label: text.split("\n", 1)[0]?.slice(0, 40) ?? "text", title: "Text", attachment };
  }
  return { ...fileChip(Uri.parse(uri)), attachment };
}

/** The selection of an editor, or all of its text where nothing is selected. */
export function selectionChip(editor: TextEditor): Chip {
  const { document, selection } = editor;
  if (selection.isEmpty) {
    return fileChip(document.uri);
  }
  const [first, last] = [selection.start.line + 1, selection.end.line + (selection.end.character === 0 ? 0 : 1)];
  const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`;
  const chip = fileChip(document.uri);
  return {
    id: `${document.uri.toString()}#${first}-${last}`,
    icon: "selection",
    label: `${chip.label}:${first === last ? first : `${first}-${last}`}`,
    title: `${chip.title}, ${lines}`,
    attachment: { uri: document.uri.toString(), text: `Selected, ${lines}:\n${document.getText(selection)}` },
  };
}

function specials(): readonly Completion[] {
  const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
  const found: Completion[] = [];
  if (editor !== undefined) {
    const chip = selectionChip(editor);
    const detail = editor.selection.isEmpty ? `${chip.title}, as nothing is selected` : chip.title;
    found.push({ label: "@selection", detail, icon: "selection", insert: "", chip });
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

/** The errors and warnings of all files, those of the active one first; undefined where there are none. */
function problemsChip(): Chip | undefined {
  const active = window.activeTextEditor?.document.uri.toString();
  const all = languages
    .getDiagnostics()
    .toSorted(([a], [b]) => Number(b.toString() === active) - Number(a.toString() === active))
    .flatMap(([uri, problems]) => problems.filter(isGrave).map((problem) => problemLine(uri, problem)));
  if (all.length === 0) {
    return undefined;
  }
  const more = all.length > MOST_PROBLEMS ? [`… ${all.length - MOST_PROBLEMS} more`] : [];
  const label = all.length === 1 ? "1 problem" : `${all.length} problems`;
  const text = ["Problems:", ...all.slice(0, MOST_PROBLEMS), ...more].join("\n");
  return { id: "diagnostics", icon: "warning", label, title: `${label} of the open folders`, attachment: { text } };
}

function isGrave({ severity }: Diagnostic): boolean {
  return severity === DiagnosticSeverity.Error || severity === DiagnosticSeverity.Warning;
}

function problemLine(uri: Uri, { range, severity, message, source }: Diagnostic): string {
  const kind = severity === DiagnosticSeverity.Error ? "error" : "warning";
  return `${workspace.asRelativePath(uri)}:${range.start.line + 1}: ${kind}: ${message}${source === undefined ? "" : ` (${source})`}`;
}

function uriOf(input: unknown): Uri | undefined {
  const uri = typeof input === "object" && input !== null && "uri" in input ? input.uri : undefined;
  return uri instanceof Uri && (uri.scheme === "file" || uri.scheme === "untitled") ? uri : undefined;
}
