// Shows the edit that a question is about as a native diff: the file as it was, and with what is proposed for it.

import { commands, Uri, window } from "vscode";
import { changesIn } from "../approvals/proposal";
import { moveIn } from "../state/moves";
import { showFirst } from "./navigation";
import type { Reviewing } from "./reviewing";
import { proposalSides } from "./sides";

/** Show changes of a run that are, or were, proposed; a person looks at them before or after they are decided. */
export async function openProposal(reviewing: Reviewing, runId: string, changeIds: readonly string[]): Promise<void> {
  const { runs } = reviewing.session;
  const changes = changesIn({ changeIds: [...changeIds] }, (await runs.known(runId)).changes);
  const sides = changes.map(({ uri, changeId }) => proposalSides(Uri.parse(uri), [{ runId, changeId }]));
  const move = moveIn(changes);
  const [first] = changes;
  if (first === undefined) {
    window.setStatusBarMessage("Coterie: nothing is known of this edit any more.", 10_000);
    return;
  }
  if (move !== undefined) {
    const { gone, made } = move;
    const { left } = proposalSides(Uri.parse(gone.uri), [{ runId, changeId: gone.changeId }]);
    // Of both, by which it knows that it is one of a move.
    const { right } = proposalSides(
      Uri.parse(made.uri),
      [made, gone].map(({ changeId }) => ({ runId, changeId })),
    );
    await commands.executeCommand("vscode.diff", left, right, `${gone.path} → ${made.path} (Proposed)`);
  } else if (changes.length === 1) {
    await commands.executeCommand("vscode.diff", sides[0]?.left, sides[0]?.right, `${first.path} (Proposed)`);
  } else {
    const resources = sides.map(({ file, left, right }) => [file, left, right]);
    await commands.executeCommand("vscode.changes", `${changes.length} Files (Proposed)`, resources);
  }
  showFirst(reviewing);
}
