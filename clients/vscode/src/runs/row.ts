// A row of a tree, such as that of runs, and what an action on it is about.

import type { Icon } from "./words";

/** What an action on a row is about. */
export type Target =
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "plan"; readonly runId: string; readonly waits: boolean }
  | { readonly kind: "item"; readonly runId: string; readonly waits: boolean; readonly itemId: string }
  | { readonly kind: "step"; readonly runId: string; readonly stepId: string }
  | { readonly kind: "call"; readonly runId: string; readonly callId: string }
  | { readonly kind: "file"; readonly runId: string; readonly uri: string; readonly path: string }
  | { readonly kind: "hunk"; readonly runId: string; readonly uri: string; readonly path: string; readonly hunkId: string }
  | { readonly kind: "finding"; readonly path: string; readonly folder: string | undefined; readonly line: number }
  | { readonly kind: "artifact"; readonly runId: string; readonly index: number }
  | { readonly kind: "more" }
  | { readonly kind: "none" };

/** What a command is given: a row of the tree. */
export interface About {
  readonly target: Target;
}

/** A row of a tree; `T` is what an action on it is about. */
export interface Row<T = Target> {
  readonly target: T;
  /** Stable, so that what is open stays open. */
  readonly id: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly tooltip?: string | undefined;
  readonly icon?: Icon | undefined;
  readonly context?: string | undefined;
  /** The URI of a file that the row stands for. */
  readonly resource?: string | undefined;
  readonly expanded?: boolean;
  readonly children?: readonly Row<T>[];
  /** The command of a click; its argument has the target. */
  readonly command?: string;
}
