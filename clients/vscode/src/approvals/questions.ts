// Questions of runs whose chat nobody sees: a notification that can be answered at once, put off, or left. Leaving it answers nothing.

import { commands, type Disposable, window } from "vscode";
import type { Chats } from "../chat/chats";
import { isHere } from "../folders";
import { unlinked } from "../notices";
import type { Approval, ChangeEvent } from "../protocol";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { changesIn, proposalOf } from "./proposal";
import { buttonsOf, questionWords } from "./words";

export function registerQuestions(session: Session, chats: Chats): Disposable {
  return session.approvals.asked.on((approval) => {
    if (!chats.isVisible(approval.channelId)) {
      void guarded(() => ask(session, chats, approval));
    }
  });
}

async function ask(session: Session, chats: Chats, approval: Approval): Promise<void> {
  const elsewhere = isHere(approval.folder) ? undefined : (approval.folder ?? undefined);
  const { runId, changeIds = [] } = approval;
  const proposal = proposalOf(approval, await proposed(session, approval));
  const buttons = buttonsOf(approval, proposal);
  const pressed = await window.showInformationMessage(unlinked(questionWords(approval, elsewhere, proposal)), ...buttons);
  if (pressed === undefined) {
    return;
  }
  const { option } = pressed;
  if (pressed.shows === "edit") {
    await commands.executeCommand("coterie.review.proposal", runId, changeIds);
  } else if (option === undefined) {
    await chats.open(approval.channelId);
  } else if (session.approvals.get(approval.approvalId) === undefined) {
    // VS Code cannot take a notification away that was answered in another window.
    void window.showInformationMessage("This question was answered already, or its run has ended.");
  } else {
    await chats.answer(approval.approvalId, option.optionId);
  }
}

/** Return the changes that a question is about; a run that was not heard of yet is asked for. */
async function proposed({ runs }: Session, approval: Approval): Promise<readonly ChangeEvent[]> {
  const { runId, changeIds = [] } = approval;
  const known = runs.get(runId)?.changes;
  if (known !== undefined || changeIds.length === 0) {
    return changesIn(approval, known ?? {});
  }
  // What cannot be had is no reason not to ask.
  return runs.load(runId).then(
    ({ changes }) => changesIn(approval, changes),
    () => [],
  );
}
