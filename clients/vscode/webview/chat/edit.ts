// What the row of a question has more where it is about an edit: its size, a button that shows it, and how far a person is who decides it part
// by part.

import { sizedWords } from "../../src/approvals/proposal";
import type { ApprovalItem } from "../../src/chat/items";
import type { ProposalView } from "../../src/chat/question";
import type { ApprovalOption } from "../../src/protocol";
import { element, icon } from "../base/dom";
import type { Page } from "./row";

export interface EditParts {
  /** Among the answers, and the first of them: who is asked about edits wants to see them. */
  readonly review: HTMLElement;
  readonly progress: HTMLElement;
  /** Beside what became of it. */
  readonly show: HTMLElement;
  update(item: ApprovalItem): void;
}

export function editParts(page: Page): EditParts {
  const review = element("button", { class: "button", type: "button", title: "Show the edit as a diff" }, icon("diff"), "Review");
  const progress = element("div", { class: "progress" });
  const show = element("button", { class: "link", type: "button" }, "Show");
  let now: ApprovalItem | undefined;
  const look = (): void => {
    if (now?.proposal !== undefined) {
      page.post({ kind: "proposal", runId: now.runId, changeIds: now.proposal.changeIds });
    }
  };
  review.addEventListener("click", look);
  show.addEventListener("click", look);
  const update = (next: ApprovalItem): void => {
    now = next;
    const isOpen = next.decided === undefined;
    const progressed = next.proposal === undefined ? "" : progressWords(next.proposal);
    review.hidden = next.proposal === undefined;
    progress.hidden = !isOpen || progressed === "";
    progress.textContent = progressed;
    show.hidden = isOpen || next.proposal === undefined;
    show.setAttribute("aria-label", `Show what became of it: ${wordsOf(next)}`);
  };
  return { review, progress, show, update };
}

/** Return the answers as they stand beside each other: of an edit yes and no come first, and behind them what is for all others too. */
export function ordered({ options, proposal }: ApprovalItem): readonly ApprovalOption[] {
  const isLasting = (option: ApprovalOption): boolean => option.kind !== "allow_once" && option.kind !== "reject_once";
  return proposal === undefined ? options : [...options.filter((option) => !isLasting(option)), ...options.filter(isLasting)];
}

export function wordsOf({ title, proposal }: ApprovalItem): string {
  return proposal === undefined ? title : sizedWords(proposal);
}

export function iconOf({ decided, proposal, isGranted }: ApprovalItem): string {
  if (decided === undefined) {
    return proposal === undefined ? "shield" : "diff";
  }
  return isGranted ? "check" : "circle-slash";
}

export function sizeParts(proposal: ProposalView | undefined): readonly HTMLElement[] {
  return proposal === undefined || proposal.added + proposal.removed === 0
    ? []
    : [element("span", { class: "added" }, `+${proposal.added}`), element("span", { class: "removed" }, `−${proposal.removed}`)];
}

function progressWords({ decided, applied, total }: ProposalView): string {
  return decided === 0 ? "" : `${decided} of ${total} changes decided, ${applied} applied. An answer is for the others.`;
}
