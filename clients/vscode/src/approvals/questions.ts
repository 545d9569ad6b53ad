// Questions of runs whose chat nobody sees: a notification that can be answered at once, put off, or left. Leaving it answers nothing.

import { type Disposable, window } from "vscode";
import type { Chats } from "../chat/chats";
import { isHere } from "../folders";
import { unlinked } from "../notices";
import type { Approval } from "../protocol";
import { guarded } from "../refusals";
import type { Session } from "../session";
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
  const pressed = await window.showInformationMessage(unlinked(questionWords(approval, elsewhere)), ...buttonsOf(approval));
  if (pressed === undefined) {
    return;
  }
  const { option } = pressed;
  if (option === undefined) {
    await chats.open(approval.channelId);
  } else if (session.approvals.get(approval.approvalId) === undefined) {
    // VS Code cannot take a notification away that was answered in another window.
    void window.showInformationMessage("This question was answered already, or its run has ended.");
  } else {
    await chats.answer(approval.approvalId, option.optionId);
  }
}
