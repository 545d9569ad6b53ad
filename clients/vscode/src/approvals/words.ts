// A question as a notification puts it: one line of what would happen, and its options as buttons. Pure.

import { effectWords } from "../chat/effects";
import type { Approval } from "../protocol";

export interface AnswerButton {
  readonly label: string;
  /** Undefined: shows the chat. */
  readonly optionId: string | undefined;
  /** The answer has to be written first. */
  readonly edits: boolean;
}

/** Return what is asked, with all that it would do as far as the title does not say it. */
export function questionWords({ title, effects }: Pick<Approval, "title" | "effects">): string {
  const more = effects.map(effectWords).filter((words) => !title.toLowerCase().includes(words.toLowerCase()));
  return more.length === 0 ? `Coterie asks: ${title}` : `Coterie asks: ${title} (${more.join("; ")})`;
}

export function buttonsOf({ options }: Pick<Approval, "options">): readonly AnswerButton[] {
  const answers = options.map(({ optionId, label, kind }) => ({ label, optionId, edits: kind === "edit" }));
  return [...answers, { label: "Show", optionId: undefined, edits: false }];
}
