// A question as a notification puts it: what would happen, the rule that answers make, and the answers as buttons. Pure.

import { optionLabel, questionOf, rulesOf } from "../chat/effects";
import type { Approval } from "../protocol";

export interface AnswerButton {
  readonly label: string;
  /** Undefined: shows the chat. */
  readonly optionId: string | undefined;
  /** The answer has to be written first. */
  readonly edits: boolean;
}

/** Return what is asked, with all that it would do and all that answers would allow beyond it. */
export function questionWords(approval: Pick<Approval, "title" | "effects" | "options">): string {
  const { headline, effects } = questionOf(approval);
  const more = effects.length === 0 ? "" : ` ${effects.join("; ")}.`;
  const rules = rulesOf(approval.options).map(({ answers, rule }) => ` ${answers}: ${rule}.`);
  const ended = /[.?!…]$/.test(headline) ? headline : `${headline}.`;
  return `Coterie asks: ${ended}${more}${rules.join("")}`;
}

export function buttonsOf({ options }: Pick<Approval, "options">): readonly AnswerButton[] {
  const answers = options.map((option, index) => {
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
