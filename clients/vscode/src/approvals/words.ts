// A question as a notification puts it: what would happen, the rules that answers make, and the answers as buttons and in a list. Pure.

import { isRefusal, optionLabel, questionOf, rulesOf } from "../chat/effects";
import { withoutIcons } from "../notices";
import type { Approval, ApprovalOption } from "../protocol";

/** What a button does: give an answer, offer all of them, or show the chat. */
export type Act = { readonly kind: "answer"; readonly option: ApprovalOption } | { readonly kind: "more" } | { readonly kind: "show" };

export interface Button {
  readonly title: string;
  readonly act: Act;
}

/** An answer in the list of all, with the rule that it makes and what else that would speak of. */
export interface AnswerRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly act: Act;
}

const SHOW: Act = { kind: "show" };

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

/** VS Code cuts the words of more than three buttons: yes, no, and all the others in a list. */
export function buttonsOf({ options }: Pick<Approval, "options">): readonly Button[] {
  const button = (option: ApprovalOption): Button => ({ title: optionLabel(option), act: { kind: "answer", option } });
  if (options.length <= 2) {
    return [...options.map(button), { title: "Show", act: SHOW }];
  }
  const [first, ...others] = options;
  const no = others.find(isRefusal);
  return [...[first, no].filter((each) => each !== undefined).map(button), { title: "More…", act: { kind: "more" } }];
}

/** Return every answer, and the way to the chat. */
export function answersOf({ options }: Pick<Approval, "options">): readonly AnswerRow[] {
  const rows = options.map((option) => ({
    label: withoutIcons(optionLabel(option)),
    description: withoutIcons([option.rule, keptWhere(option)].filter(Boolean).join(", ")),
    detail: withoutIcons(option.admits ?? ""),
    act: { kind: "answer" as const, option },
  }));
  return [...rows, { label: "Show in the Chat", description: "", detail: "", act: SHOW }];
}

function keptWhere({ kind }: ApprovalOption): string {
  return kind === "allow_always" || kind === "reject_always" ? "kept in your settings" : "";
}
