// What can be done with a run and its parts from the tree: stopped, resumed, undone at each level, looked at.

import { commands, Disposable, Range, type TreeView, Uri, ViewColumn, window, workspace } from "vscode";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { isCommand } from "./callRows";
import { type RunDocuments, runUri, sideUri } from "./documents";
import type { Node } from "./forest";
import type { RunList } from "./list";
import type { About } from "./row";
import type { RunTerminals } from "./terminal";
import type { RunTree } from "./tree";
import { undoPart, undoRun } from "./undoing";

interface Parts {
  readonly session: Session;
  readonly list: RunList;
  readonly tree: RunTree;
  readonly view: TreeView<Node>;
  readonly documents: RunDocuments;
  readonly terminals: RunTerminals;
}

export function registerActions(parts: Parts): Disposable {
  const { session, list, documents, terminals } = parts;
  const on = (id: string, action: (about: About) => unknown) =>
    commands.registerCommand(id, (about?: About) => guarded(() => action(about ?? NOTHING)));
  const ask = (method: "agent/run/interrupt" | "agent/run/cancel" | "agent/run/resume") => (about: About) =>
    session.wire.request(method, { runId: runOf(about) });
  return Disposable.from(
    commands.registerCommand("coterie.run.show", (runId: string) => guarded(() => show(parts, runId))),
    commands.registerCommand("coterie.run.refresh", () => guarded(() => list.refresh())),
    commands.registerCommand("coterie.run.more", () => guarded(() => list.loadMore())),
    on("coterie.run.interrupt", ask("agent/run/interrupt")),
    on("coterie.run.cancel", ask("agent/run/cancel")),
    on("coterie.run.resume", ask("agent/run/resume")),
    on("coterie.run.openChat", async (about) => {
      const runId = runOf(about);
      const channelId = list.get(runId)?.channelId ?? (await session.runs.load(runId)).channelId;
      await commands.executeCommand("coterie.chat.open", channelId);
    }),
    on("coterie.run.undo", (about) => undoRun(session, runOf(about))),
    on("coterie.run.undoPart", (about) => undoPart(session, about)),
    on("coterie.run.showCommands", (about) => terminals.show(runOf(about))),
    on("coterie.run.showOutput", (about) => showOutput(session, terminals, about)),
    on("coterie.run.showArtifact", (about) => showArtifact(session, about)),
    on("coterie.run.showChange", (about) => showChange(session, documents, about)),
    on("coterie.run.showChanges", (about) => showChanges(documents, runOf(about))),
    on("coterie.run.showFinding", (about) => showFinding(about)),
  );
}

/** What VS Code gives for a row that went away beneath the pointer. */
const NOTHING: About = { target: { kind: "none" } };

function runOf(about: About): string {
  if ("runId" in about.target) {
    return about.target.runId;
  }
  throw new Error("Choose a run in the view of runs.");
}

async function show({ tree, view }: Parts, runId: string): Promise<void> {
  await commands.executeCommand("coterie.runs.focus");
  const node = await tree.nodeOf(runId);
  if (node !== undefined) {
    await view.reveal(node, { select: true, focus: true, expand: true });
  }
}

async function showOutput(session: Session, terminals: RunTerminals, { target }: About): Promise<void> {
  if (target.kind !== "call") {
    return;
  }
  const call = (await session.runs.known(target.runId)).toolCalls[target.callId];
  if (call !== undefined && isCommand(call)) {
    await terminals.show(target.runId);
  } else {
    await window.showTextDocument(runUri(target.runId, "output", target.callId, `${call?.tool ?? "output"}.txt`), { preview: true });
  }
}

async function showArtifact(session: Session, { target }: About): Promise<void> {
  if (target.kind === "artifact") {
    const artifact = (await session.runs.known(target.runId)).artifacts[target.index];
    const name = `${artifact?.stepId ?? "step"}-${artifact?.type ?? "artifact"}.md`;
    await window.showTextDocument(runUri(target.runId, "artifact", String(target.index), name), { preview: true });
  }
}

async function showChange(session: Session, documents: RunDocuments, { target }: About): Promise<void> {
  if (target.kind !== "file" && target.kind !== "hunk") {
    return;
  }
  const name = target.path;
  const changes = Object.values((await session.runs.known(target.runId)).changes).filter((change) => change.uri === target.uri);
  const proposed = changes.filter((change) => change.hunks.some((hunk) => hunk.state === "proposed"));
  if (proposed.length > 0) {
    const ids = proposed.map(({ changeId }) => changeId);
    await commands.executeCommand("coterie.review.proposal", target.runId, ids);
    return;
  }
  const file = await documents.diffOf(target.runId, target.uri);
  const uri = Uri.parse(target.uri);
  if (file === undefined) {
    // All of it is taken back: the file alone is there to be seen.
    await window.showTextDocument(uri);
    return;
  }
  const before = sideUri(target.runId, "before", target.uri);
  const after = file.status === "deleted" ? sideUri(target.runId, "after", target.uri) : uri;
  await commands.executeCommand("vscode.diff", before, after, `${name} (Before the Run ↔ Now)`, { viewColumn: ViewColumn.Active });
}

async function showChanges(documents: RunDocuments, runId: string): Promise<void> {
  const files = await documents.filesOf(runId);
  if (files.length === 0) {
    window.setStatusBarMessage("Coterie: nothing of this run's changes is left.", 10_000);
    return;
  }
  const resources = files.map((file) => {
    const uri = Uri.parse(file.uri);
    const before = file.status === "added" ? undefined : sideUri(runId, "before", file.uri);
    return [uri, before, file.status === "deleted" ? undefined : uri];
  });
  await commands.executeCommand("vscode.changes", "Changes of the Run", resources);
}

async function showFinding({ target }: About): Promise<void> {
  if (target.kind !== "finding") {
    return;
  }
  const folder = target.folder === undefined ? workspace.workspaceFolders?.[0]?.uri : Uri.parse(target.folder);
  if (folder !== undefined) {
    const line = Math.max(0, target.line - 1);
    await window.showTextDocument(Uri.joinPath(folder, target.path), { selection: new Range(line, 0, line, 0) });
  }
}
