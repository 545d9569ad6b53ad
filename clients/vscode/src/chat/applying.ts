// What a person does with a block of code of an answer: copy it, insert it at the cursor, or apply it to a file. What is applied is shown as a
// difference first, and nothing is written before it was confirmed there.

import {
  commands,
  type Disposable,
  env,
  Range,
  type Tab,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from "vscode";
import { guarded } from "../refusals";
import { Refusal } from "../server/wire";
import { placed, readInfo } from "./code";
import { fileNamed, staysInside } from "./links";

const SCHEME = "coterie-suggested";

interface Suggested {
  readonly file: Uri;
  readonly text: string;
  /** What the text was made of; undefined: there is no such file yet. Not its version, which begins anew whenever VS Code lets go of it. */
  readonly base: string | undefined;
}

const suggestions = new Map<string, Suggested>();
let count = 0;

export async function useCode(verb: "copy" | "insert" | "apply", text: string, info: string): Promise<void> {
  if (verb === "copy") {
    await env.clipboard.writeText(text);
  } else if (verb === "insert") {
    await insert(text);
  } else {
    await suggest(text, readInfo(info).path);
  }
}

async function insert(text: string): Promise<void> {
  const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
  if (editor === undefined) {
    throw new Refusal("Open the file that the code goes into first.", "no_editor", undefined);
  }
  await window.showTextDocument(editor.document, editor.viewColumn);
  await editor.edit((edit) => edit.replace(editor.selection, text.replace(/\n$/, "")));
}

async function suggest(code: string, path: string | undefined): Promise<void> {
  const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
  const file = path === undefined ? editor?.document.uri : ((await fileNamed(path)) ?? newFile(path));
  if (file === undefined) {
    throw new Refusal("Open the file that the code goes into first: the block names none.", "no_editor", undefined);
  }
  if (path !== undefined && !(await staysInside(file))) {
    throw new Refusal(`${path} leads out of the open folders by a link.`, "outside", undefined);
  }
  const document = await opened(file);
  const selection = editor?.document === document ? editor?.selection : undefined;
  const chosen = selection && document ? { start: document.offsetAt(selection.start), end: document.offsetAt(selection.end) } : undefined;
  const text = placed(document?.getText() ?? "", code, chosen);
  count += 1;
  const right = file.with({ scheme: SCHEME, query: String(count), authority: "" });
  suggestions.set(right.toString(), { file, text, base: document?.getText() });
  const left = document?.uri ?? Uri.from({ scheme: SCHEME, path: file.path, query: "nothing" });
  const name = workspace.asRelativePath(file);
  await commands.executeCommand("vscode.diff", left, right, `${name} (suggested)`);
}

/** A file that a block names and that is not there, below the first open folder. */
function newFile(path: string): Uri | undefined {
  const folder = workspace.workspaceFolders?.[0];
  const file = folder === undefined ? undefined : Uri.joinPath(folder.uri, path);
  return file !== undefined && workspace.getWorkspaceFolder(file) !== undefined ? file : undefined;
}

async function opened(file: Uri): Promise<TextDocument | undefined> {
  try {
    return await workspace.openTextDocument(file);
  } catch {
    return undefined;
  }
}

/** Write what a difference suggests, unless the file has become another one meanwhile. */
async function accept(shown: Uri): Promise<void> {
  const suggested = suggestions.get(shown.toString());
  if (suggested === undefined) {
    throw new Refusal("This suggestion was lost when the window was loaded again. Apply the code again.", "stale", undefined);
  }
  const { file, text, base } = suggested;
  const document = base === undefined ? undefined : await opened(file);
  if (document?.getText() !== base) {
    throw new Refusal(`${workspace.asRelativePath(file)} has changed meanwhile. Apply the code again.`, "stale", undefined);
  }
  const edit = new WorkspaceEdit();
  if (document === undefined) {
    edit.createFile(file, { contents: Buffer.from(text, "utf-8"), overwrite: false });
  } else {
    edit.replace(file, new Range(document.positionAt(0), document.positionAt(document.getText().length)), text);
  }
  if (!(await workspace.applyEdit(edit))) {
    throw new Refusal(`${workspace.asRelativePath(file)} could not be written.`, "not_applied", undefined);
  }
  await discard(shown);
  await window.showTextDocument(file);
}

async function discard(shown: Uri): Promise<void> {
  suggestions.delete(shown.toString());
  await window.tabGroups.close(tabs().filter(({ input }) => modifiedIn(input)?.toString() === shown.toString()));
}

/** A suggestion that no tab shows any more cannot be applied. */
function forgetClosed(): void {
  const shown = new Set(tabs().map(({ input }) => modifiedIn(input)?.toString()));
  for (const uri of suggestions.keys()) {
    if (!shown.has(uri)) {
      suggestions.delete(uri);
    }
  }
}

function tabs(): readonly Tab[] {
  return window.tabGroups.all.flatMap((group) => group.tabs);
}

function modifiedIn(input: unknown): Uri | undefined {
  const uri = typeof input === "object" && input !== null && "modified" in input ? input.modified : undefined;
  return uri instanceof Uri ? uri : undefined;
}

/** Make the texts of suggestions readable, and the commands that the differences have in their title. */
export function registerSuggestions(): readonly Disposable[] {
  const provider: TextDocumentContentProvider = {
    provideTextDocumentContent: (uri) => suggestions.get(uri.toString())?.text ?? "",
  };
  const shown = (uri: Uri | undefined): Uri | undefined => uri ?? modifiedIn(window.tabGroups.activeTabGroup.activeTab?.input);
  const on = (action: (uri: Uri) => Promise<void>) => async (given?: Uri) => {
    const uri = shown(given);
    await guarded(() => (uri?.scheme === SCHEME ? action(uri) : undefined));
  };
  return [
    workspace.registerTextDocumentContentProvider(SCHEME, provider),
    window.tabGroups.onDidChangeTabs(({ closed }) => closed.length > 0 && forgetClosed()),
    commands.registerCommand("coterie.chat.applySuggestion", on(accept)),
    commands.registerCommand("coterie.chat.discardSuggestion", on(discard)),
  ];
}
