// A question as a notification puts it: what would happen, the rules that answers make, and a few answers as buttons. Pure.

import { isRefusal, optionLabel, questionOf, rulesOf } from "../chat/effects";
import type { Approval, ApprovalOption } from "../protocol";

export interface Button {
  readonly title: string;
  /** Undefined: shows the chat, where all answers are. */
  readonly option?: ApprovalOption;
}

/**
 * Return what is asked, with all that it would do and the rules that lasting answers would add. `elsewhere` is the folder that it is about,
 * where that is none of this window's: who answers has to know that it is not what is before them.
 */
export function questionWords(approval: Pick<Approval, "title" | "effects" | "options">, elsewhere?: string): string {
  const { headline, effects } = questionOf(approval);
  const more = effects.length === 0 ? "" : ` ${effects.join("; ")}.`;
  const rules = rulesOf(approval.options).map(({ rule }) => rule);
  const lasting = rules.length === 0 ? "" : ` A lasting answer adds the rule ${rules.join(" or ")}.`;
  const ended = /[.?!…]$/.test(headline) ? headline : `${headline}.`;
  const place = elsewhere === undefined ? "" : ` in ${nameOf(elsewhere)}, which is not open here`;
  return `Coterie asks${place}: ${ended}${more}${lasting}`;
}

function nameOf(folder: string): string {
  const name = folder.replace(/\/+$/, "").split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** VS Code cuts the words of more than three buttons: yes, no, and a look at the chat, where all answers stand with what they admit. */
export function buttonsOf({ options }: Pick<Approval, "options">): readonly Button[] {
  const [first, ...others] = options;
  const no = others.find(isRefusal);
  const shown = options.length <= 2 ? options : [first, no].filter((each) => each !== undefined);
  const answers = shown.map((option) => ({ title: optionLabel(option), option }));
  return [...answers, { title: answers.length < options.length ? "More…" : "Show" }];
}
