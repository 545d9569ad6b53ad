// A question as a notification puts it: what would happen, the rules that answers make, and a few answers as buttons. Pure.

import { isRefusal, optionLabel, questionOf, rulesOf } from "../chat/effects";
import type { Approval, ApprovalOption } from "../protocol";
import { type Proposal, sizedWords } from "./proposal";

export interface Button {
  readonly title: string;
  /** The answer that it gives; none: it shows something. */
  readonly option?: ApprovalOption;
  /** It shows the edit, not the chat with all answers. */
  readonly shows?: "edit";
}

/**
 * Return what is asked, with all that it would do and the rules that lasting answers would add. `elsewhere` is the folder that it is about,
 * where that is none of this window's: who answers has to know that it is not what is before them.
 */
export function questionWords(approval: Pick<Approval, "title" | "effects" | "options">, elsewhere?: string, proposal?: Proposal): string {
  const place = elsewhere === undefined ? "" : ` in ${nameOf(elsewhere)}, which is not open here`;
  const rules = rulesOf(approval.options).map(({ rule }) => rule);
  const lasting = rules.length === 0 ? "" : ` A lasting answer adds the rule ${rules.join(" or ")}.`;
  if (proposal !== undefined) {
    return `Coterie asks${place}: ${sizedWords(proposal)}?${lasting}`;
  }
  const { headline, effects } = questionOf(approval);
  const more = effects.length === 0 ? "" : ` ${effects.join("; ")}.`;
  const ended = /[.?!…]$/.test(headline) ? headline : `${headline}.`;
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

/**
 * VS Code cuts the words of buttons that are more than it has room for, which four short ones are not: yes, no, and a look at the chat, where
 * all answers stand with what they admit; of an edit a look at it, which comes first: who is asked about edits wants to see them.
 */
export function buttonsOf({ options }: Pick<Approval, "options">, proposal?: Proposal): readonly Button[] {
  const [first, ...others] = options;
  const no = others.find(isRefusal);
  const shown = options.length <= 2 ? options : [first, no].filter((each) => each !== undefined);
  const answers = shown.map((option) => ({ title: optionLabel(option), option }));
  const more = answers.length < options.length ? [{ title: "More…" }] : [];
  if (proposal !== undefined) {
    return [{ title: "Review", shows: "edit" }, ...answers, ...more];
  }
  return [...answers, ...(more.length > 0 ? more : [{ title: "Show" }])];
}
