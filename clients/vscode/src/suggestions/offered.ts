// A suggestion as VS Code gets it, as what the tracker follows. Pure.

import type { Offered } from "./tracker";

/** The parts of an inline completion that tell which suggestion it is and what it writes. */
export interface Item {
  readonly insertText: unknown;
  readonly command?: { readonly arguments?: readonly unknown[] | undefined } | undefined;
}

/** Where it was asked for; `before` is the text up to there that it replaces. */
export interface Place {
  readonly document: string;
  readonly offset: number;
  readonly before: string;
}

/** Return it with how much of it stands there; undefined when it is no suggestion of the server, or changes what stands there already. */
export function offeredBy(item: Item | undefined, { document, offset, before }: Place): Offered | undefined {
  const argument: unknown = item?.command?.arguments?.[0];
  const suggestionId =
    typeof argument === "object" && argument !== null ? (argument as { suggestionId?: unknown }).suggestionId : undefined;
  const text = item?.insertText;
  if (typeof suggestionId !== "string" || typeof text !== "string" || !text.startsWith(before)) {
    return undefined;
  }
  return { suggestionId, document, offset, text, reached: before.length };
}
