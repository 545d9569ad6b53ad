// What the chat's webview and the extension say to each other.

import type { Chip, Completion } from "../chat/draft";
import type { Help } from "../chat/items";
import type { Patch } from "../chat/patch";
import type { RemedyCommand } from "../remedies";

/** What stands around the conversation: who answers, what goes on, what it has cost. */
export interface Surroundings {
  readonly channelId: string | undefined;
  readonly title: string;
  readonly agent: string;
  readonly model: string;
  readonly spent: string;
  /** Whether a run goes on, and how. `stopping`: it was asked to end. */
  readonly activity: "idle" | "queued" | "running" | "waiting" | "stopping";
  readonly server: "starting" | "running" | "stopped" | "failed";
  /** How the last run ended, where that is not what one expects: in words. */
  readonly ended: string | undefined;
  /** No model can be chosen: nothing can be asked yet. */
  readonly needsModel: boolean;
  readonly isArchived: boolean;
  readonly hasOlder: boolean;
}

/** A trouble that is about no item: shown above what is being written. */
export interface Trouble {
  readonly text: string;
  readonly action: { readonly label: string; readonly command: RemedyCommand } | undefined;
}

export type ToView =
  | { readonly kind: "surroundings"; readonly now: Surroundings }
  /** Another chat is shown: everything before is gone. `text` and `chips` are what was being written in it, `page` says whose new chat it is. */
  | {
      readonly kind: "opened";
      readonly channelId: string | undefined;
      readonly page: string;
      readonly text: string;
      readonly chips: readonly Chip[];
    }
  | { readonly kind: "patch"; readonly patch: Patch }
  | { readonly kind: "completions"; readonly request: number; readonly found: readonly Completion[] }
  | { readonly kind: "attach"; readonly chip: Chip }
  /** What was sent and did not arrive is given back. */
  | { readonly kind: "write"; readonly text: string; readonly chips: readonly Chip[] }
  | { readonly kind: "sent" }
  | { readonly kind: "trouble"; readonly trouble: Trouble | undefined }
  /** What was answered did not arrive: it can be answered again. */
  | { readonly kind: "unanswered"; readonly itemId: string }
  | { readonly kind: "reveal"; readonly itemId: string }
  | { readonly kind: "focus" };

/** What the page is told; it says of one with a number that it has heard it. */
export interface Spoken {
  readonly message: ToView;
  readonly number: number | undefined;
}

export type FromView =
  | { readonly kind: "ready"; readonly channelId: string | undefined }
  | { readonly kind: "heard"; readonly number: number }
  /** By the time it is heard another chat may be shown. No chips: those as before, which can be long. */
  | { readonly kind: "draft"; readonly channelId: string | undefined; readonly text: string; readonly chips: readonly Chip[] | undefined }
  | { readonly kind: "send"; readonly text: string; readonly chips: readonly Chip[]; readonly insteadOf: string | undefined }
  | { readonly kind: "stop" }
  | { readonly kind: "older" }
  | { readonly kind: "complete"; readonly request: number; readonly sigil: "/" | "@"; readonly query: string }
  | { readonly kind: "choose"; readonly what: "agent" | "model" | "attachment" }
  /** Files were dropped on the page. */
  | { readonly kind: "drop"; readonly uris: readonly string[] }
  | { readonly kind: "retry"; readonly messageId: string }
  | { readonly kind: "fork"; readonly messageId: string }
  | { readonly kind: "answer"; readonly approvalId: string; readonly optionId: string }
  | { readonly kind: "help"; readonly help: Help; readonly runId: string | undefined }
  | { readonly kind: "code"; readonly verb: "copy" | "insert" | "apply"; readonly text: string; readonly info: string }
  | { readonly kind: "copy"; readonly text: string }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "change"; readonly runId: string | undefined; readonly uri: string }
  | { readonly kind: "plan"; readonly runId: string | undefined }
  /** The edit that a question is about is to be seen. */
  | { readonly kind: "proposal"; readonly runId: string | undefined; readonly changeIds: readonly string[] }
  | { readonly kind: "remedy"; readonly command: RemedyCommand };
