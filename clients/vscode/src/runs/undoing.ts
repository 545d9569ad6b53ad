// Takes back what a run changed: all of it, or what a row is about. What may be somebody else's the server leaves alone unless it is named,
// and who names it is told so before.

import { env, Uri, window } from "vscode";
import { unlinked } from "../notices";
import type { ChangeEvent, RunUndoParams, UndoConflict } from "../protocol";
import type { Session } from "../session";
import { type Doubt, doubtLines, doubtOf, doubtsAmong } from "../state/doubt";
import type { Run } from "../state/run";
import type { About, Target } from "./row";
import { conflictWords, counted } from "./words";

const TAKE_BACK = "Take Back";

/** Undo a run, once a person has said so. */
export async function undoRun(session: Session, runId: string): Promise<void> {
  const yes = "Undo the Run";
  const doubts = doubtsIn(await session.runs.known(runId));
  const detail = [
    "Exactly what it changed is taken back; what you wrote since stays.",
    ...(doubts.length > 0
      ? [`Left as it is, because it may not be the agent's (undo a file in its own row to take it back all the same):`]
      : []),
    ...(doubts.length > 0 ? [doubtLines(doubts)] : []),
  ].join("\n\n");
  if ((await window.showWarningMessage("Undo all changes of this run?", { modal: true, detail }, yes)) === yes) {
    await undo(session, { runId, scope: "run" });
  }
}

/** Undo what a row of the tree is about: a step, a file, a hunk. */
export async function undoPart(session: Session, { target }: About): Promise<void> {
  if (target.kind === "step") {
    await undo(session, { runId: target.runId, scope: "step", ids: [target.stepId] });
  } else if ((target.kind === "file" || target.kind === "hunk") && !(await isMeant(session, target))) {
    return;
  } else if (target.kind === "file") {
    await undo(session, { runId: target.runId, scope: "file", ids: [target.uri] });
  } else if (target.kind === "hunk") {
    await undo(session, { runId: target.runId, scope: "hunk", ids: [target.hunkId] });
  }
}

/** Ask about what is named where it may be somebody else's: what is not named the server leaves alone. */
async function isMeant(session: Session, target: Extract<Target, { readonly kind: "file" | "hunk" }>): Promise<boolean> {
  const isNamed = ({ uri, hunks }: ChangeEvent): boolean =>
    target.kind === "file" ? uri === target.uri : hunks.some(({ hunkId }) => hunkId === target.hunkId);
  const doubts = doubtsIn(await session.runs.known(target.runId), isNamed);
  if (doubts.length === 0) {
    return true;
  }
  const asked = { modal: true, detail: `It may not be the agent's.\n\n${doubtLines(doubts)}` };
  return (await window.showWarningMessage("Take this back?", asked, TAKE_BACK)) === TAKE_BACK;
}

/** Take back what is asked for, and tell what came of it: what could not be is told also where another one of these requests failed. */
export async function undo(session: Session, ...asked: readonly RunUndoParams[]): Promise<void> {
  const answers = await Promise.allSettled(asked.map((params) => session.wire.request("agent/run/undo", params)));
  const done = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const restored = new Set(done.flatMap((each) => each.restored));
  if (restored.size > 0) {
    window.setStatusBarMessage(`$(discard) Coterie took changes back in ${counted(restored.size, "file")}.`, 10_000);
  }
  await Promise.all([
    tellConflicts(
      "taken back",
      done.flatMap((each) => each.conflicts),
    ),
    tellUnkept(done.flatMap((each) => each.notUndoable ?? [])),
    ...done.map((each) => tellKept(each.keptIn ?? undefined, each.letGo)),
    ...answers.map((answer) => (answer.status === "rejected" ? Promise.reject(answer.reason) : undefined)),
  ]);
}

/** Tell what no copy was there of: nobody can do anything about it, so there is nothing to choose. */
async function tellUnkept(left: readonly UndoConflict[]): Promise<void> {
  if (left.length > 0) {
    await window.showInformationMessage(unlinked(conflictWords("taken back", left)));
  }
}

/** Tell where lies what an undo took away, and of how many earlier runs it is no longer kept for it. */
export async function tellKept(folder: string | undefined, letGo = 0): Promise<void> {
  if (folder === undefined) {
    return;
  }
  const copy = "Copy the Path";
  const room = letGo > 0 ? ` To make room, what was kept of ${counted(letGo, "earlier run")} was deleted.` : "";
  if ((await window.showInformationMessage(unlinked(`What was taken away is kept for a while in ${folder}.${room}`), copy)) === copy) {
    await env.clipboard.writeText(folder);
  }
}

/** Tell what was left alone, file by file, with a button that shows the first. */
export async function tellConflicts(verb: "taken back" | "applied", conflicts: readonly UndoConflict[]): Promise<void> {
  const [first] = conflicts;
  if (first === undefined) {
    return;
  }
  const open = "Show the File";
  if ((await window.showWarningMessage(unlinked(conflictWords(verb, conflicts)), open)) === open) {
    await window.showTextDocument(Uri.parse(first.uri));
  }
}

/** Return the doubts about what stands of a run's changes, or of some of them. */
function doubtsIn({ changes }: Run, isNamed: (change: ChangeEvent) => boolean = () => true): readonly Doubt[] {
  const standing = Object.values(changes).filter((change) => isNamed(change) && change.hunks.some((hunk) => hunk.state === "applied"));
  return doubtsAmong(standing.map((change) => ({ doubt: doubtOf(change) })));
}
