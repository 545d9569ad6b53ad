// What goes along with a message, as chips: files, what is selected, symbols, and the problems that VS Code knows of.

import { type Diagnostic, DiagnosticSeverity, languages, type TextEditor, Uri, window, workspace } from "vscode";
import type { Attachment, Range } from "../protocol";
import { Refusal } from "../server/wire";
import type { Chip } from "./draft";
import { unreadable } from "./readable";

const MOST_PROBLEMS = 50;

export function fileChip(uri: Uri): Chip {
  const path = workspace.asRelativePath(uri);
  return { id: uri.toString(), icon: "file", label: path.split("/").at(-1) ?? path, title: path, attachment: { uri: uri.toString() } };
}

/** Return the chip of a file. Throws a `Refusal` where a model would get nothing of it. */
export async function readableChip(uri: Uri): Promise<Chip> {
  const why = await unreadable(uri);
  if (why !== undefined) {
    throw new Refusal(why, "not_attached", undefined);
  }
  return fileChip(uri);
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
  const [first, last] = [selection.start.line + 1, lastLine(selection) + 1];
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

/** The last line that a range touches: one that ends before a line's first character does not hold that line. */
export function lastLine({ start, end }: Range): number {
  return end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
}

/** Return what goes along for a chip: of a symbol its lines as they are now, also where they are not saved. */
export async function attachmentOf({ attachment, lines }: Chip): Promise<Attachment> {
  if (lines === undefined || attachment.uri === null || attachment.uri === undefined) {
    return attachment;
  }
  const uri = Uri.parse(attachment.uri);
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  const text = open?.getText() ?? new TextDecoder().decode(await workspace.fs.readFile(uri));
  const shown = text.split(/\r?\n/).slice(lines.first, lines.last + 1);
  return { uri: attachment.uri, text: `Lines ${lines.first + 1} to ${lines.first + shown.length}:\n${shown.join("\n")}` };
}

/** The errors and warnings of all files, those of the active one first; undefined where there are none. */
export function problemsChip(): Chip | undefined {
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
