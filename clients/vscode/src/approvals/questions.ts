// Questions of runs whose chat nobody sees: a notification that can be answered at once, put off, or left. Leaving it answers nothing.

import { commands, type Disposable, window } from "vscode";
import type { Chats } from "../chat/chats";
import { isHere } from "../folders";
import { unlinked } from "../notices";
import type { Approval } from "../protocol";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { type Act, answersOf, buttonsOf, questionWords } from "./words";

export function registerQuestions(session: Session, chats: Chats): Disposable {
  return session.approvals.asked.on((approval) => {
    if (!chats.isVisible(approval.channelId)) {
      void guarded(() => ask(session, chats, approval));
    }
  });
}

async function ask(session: Session, chats: Chats, approval: Approval): Promise<void> {
  const elsewhere = isHere(approval.folder) ? undefined : (approval.folder ?? undefined);
  const words = questionWords(approval, elsewhere);
  const act = (await window.showInformationMessage(unlinked(words), ...buttonsOf(approval)))?.act;
  if (act?.kind === "more" && isOpen(session, approval)) {
    const chosen = await window.showQuickPick(answersOf(approval), { title: "Coterie Asks", placeHolder: words, ignoreFocusOut: true });
    await perform(session, chats, approval, chosen?.act);
  } else {
    await perform(session, chats, approval, act);
  }
}

async function perform(session: Session, chats: Chats, approval: Approval, act: Act | undefined): Promise<void> {
  if (act?.kind === "show") {
    await chats.open(approval.channelId);
  } else if (act?.kind === "answer" && isOpen(session, approval)) {
    if (act.option.kind === "edit") {
      await commands.executeCommand("coterie.run.show", approval.runId);
    } else {
      await chats.answer(approval.approvalId, act.option.optionId);
    }
  }
}

/** VS Code cannot take a notification away that was answered in another window: who presses its buttons is told. */
function isOpen(session: Session, { approvalId }: Approval): boolean {
  const open = session.approvals.get(approvalId) !== undefined;
  if (!open) {
    void window.showInformationMessage("This question was answered already, or its run has ended.");
  }
  return open;
}
