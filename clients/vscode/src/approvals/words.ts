// A question as a notification puts it: what would happen, the rule that answers make, and the answers as buttons. Pure.

import { optionLabel, questionOf, rulesOf } from "../chat/effects";
import type { Approval, ApprovalOption } from "../protocol";

export interface AnswerButton {
  readonly label: string;
  /** Undefined: shows the chat. */
  readonly optionId: string | undefined;
  /** The answer has to be written first. */
  readonly edits: boolean;
}

/**
 * Return what is asked, with all that it would do and all that answers would allow beyond it. `elsewhere` is the folder that it is about, where
 * that is none of this window's: who answers has to know that it is not what is before them.
 */
export function questionWords(approval: Pick<Approval, "title" | "effects" | "options">, elsewhere?: string): string {
  const { headline, effects } = questionOf(approval);
  const more = effects.length === 0 ? "" : ` ${effects.join("; ")}.`;
  const rules = rulesOf(approval.options.filter(hasButton)).map(({ answers, rule, admits }) => {
    return ` ${answers}: ${rule}.${admits === undefined ? "" : ` ${admits}`}`;
  });
  const ended = /[.?!…]$/.test(headline) ? headline : `${headline}.`;
  const place = elsewhere === undefined ? "" : ` in ${nameOf(elsewhere)}, which is not open here`;
  return `Coterie asks${place}: ${ended}${more}${rules.join("")}`;
}

/** A notification has room for a few answers: what is never to happen can be said in the chat. */
function hasButton({ kind }: ApprovalOption): boolean {
  return kind !== "reject_always";
}

function nameOf(folder: string): string {
  const name = folder.replace(/\/+$/, "").split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function buttonsOf({ options }: Pick<Approval, "options">): readonly AnswerButton[] {
  const answers = options.filter(hasButton).map((option, index) => {
    const label = optionLabel(option);
    return { label: index === 0 ? label : shorter(label), optionId: option.optionId, edits: option.kind === "edit" };
  });
  return [...answers, { label: "Show", optionId: undefined, edits: false }];
}

/** A notification has room for a few words: behind "Allow once", "In this run" says enough. */
function shorter(label: string): string {
  const rest = label.replace(/^Allow (?=\w)/, "");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
