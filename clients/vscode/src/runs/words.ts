// How a run's state, age and cost read, and which icon stands for them. Pure.

import type { RunEvent, RunLimits, StepEvent, ToolCallEvent, UndoConflict, Usage } from "../protocol";

export interface Icon {
  /** Of the codicons. */
  readonly name: string;
  /** A colour of the theme. */
  readonly color?: string;
}

type RunState = RunEvent["state"];

const GOOD = "testing.iconPassed";
const BAD = "testing.iconFailed";
const WAITING = "notificationsWarningIcon.foreground";

export const RUN_ICONS: Readonly<Record<RunState, Icon>> = {
  queued: { name: "clock" },
  running: { name: "loading~spin" },
  waiting: { name: "bell-dot", color: WAITING },
  succeeded: { name: "pass", color: GOOD },
  failed: { name: "error", color: BAD },
  cancelled: { name: "circle-slash" },
  interrupted: { name: "debug-pause", color: WAITING },
};

export const RUN_WORDS: Readonly<Record<RunState, string>> = {
  queued: "queued",
  running: "running",
  waiting: "waiting for you",
  succeeded: "done",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

export const STEP_ICONS: Readonly<Record<StepEvent["state"], Icon>> = {
  running: { name: "loading~spin" },
  succeeded: { name: "pass", color: GOOD },
  failed: { name: "error", color: BAD },
  skipped: { name: "debug-step-over" },
};

export const CALL_ICONS: Readonly<Record<ToolCallEvent["state"], Icon>> = {
  pending: { name: "clock" },
  running: { name: "loading~spin" },
  succeeded: { name: "check" },
  failed: { name: "error", color: BAD },
  denied: { name: "circle-slash" },
};

export const SEVERITY_ICONS: Readonly<Record<string, Icon>> = {
  blocking: { name: "error", color: "problemsErrorIcon.foreground" },
  major: { name: "warning", color: "problemsWarningIcon.foreground" },
  minor: { name: "info", color: "problemsInfoIcon.foreground" },
  note: { name: "lightbulb" },
};

/** Of a change that may be somebody else's. */
export const DOUBT_ICON: Icon = { name: "question", color: WAITING };

/** Return how long ago a time is: `now`, `5 min`, `3 h`, `2 d`. */
export function age(at: string, nowMs: number): string {
  const minutes = Math.floor((nowMs - Date.parse(at)) / 60_000);
  if (!(minutes >= 1)) {
    return "now";
  }
  if (minutes < 60) {
    return `${minutes} min`;
  }
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

/** Return money as a person reads it; undefined when it is not known. */
export function money(usd: string | null | undefined): string | undefined {
  if (usd === null || usd === undefined) {
    return undefined;
  }
  const value = Number(usd);
  return value > 0 && value < 0.01 ? "< $0.01" : `$${value.toFixed(2)}`;
}

/** Return a number of tokens as a person reads it: `980`, `12.3k`, `4.5M`. */
export function tokens(count: number): string {
  const short = (value: number): string => (value < 100 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0));
  if (count < 1_000) {
    return String(count);
  }
  return count < 999_500 ? `${short(count / 1_000)}k` : `${short(count / 1_000_000)}M`;
}

/** Return what was used in a line: `$0.12 · 12.3k in · 800 out`. Empty when nothing is known. */
export function used(usage: Pick<Usage, "input" | "cacheRead" | "cacheWrite" | "output" | "usd"> | undefined): string {
  if (usage === undefined) {
    return "";
  }
  const given = [usage.input, usage.cacheRead, usage.cacheWrite].filter((each) => typeof each === "number");
  const read = given.reduce((sum, each) => sum + each, 0);
  return [
    money(usage.usd),
    given.length > 0 ? `${tokens(read)} in` : undefined,
    typeof usage.output === "number" ? `${tokens(usage.output)} out` : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(" · ");
}

/** Return what may be used in a line: `$3.00, 2M tokens or 30 min`. Empty when there is no limit. */
export function allowed(limits: RunLimits): string {
  const parts = [
    money(limits.usd),
    limits.tokens === null ? undefined : `${tokens(limits.tokens)} tokens`,
    limits.wallS === null ? undefined : `${Math.round(limits.wallS / 60)} min`,
  ].filter((part) => part !== undefined);
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} or ${parts.at(-1)}`;
}

/** Return the first line of a text, cut to a length. */
export function firstLine(text: string, length = 80): string {
  const line =
    text
      .split("\n")
      .map((each) => each.trim())
      .find((each) => each !== "") ?? "";
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}

/** Return a number with its noun: `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Say what was not done about files, and why: conflicts that the server tells. */
export function conflictWords(verb: "taken back" | "applied", conflicts: readonly Pick<UndoConflict, "path" | "reason">[]): string {
  return `Not ${verb}: ${conflicts.map(({ path, reason }) => `${path}: ${reason}`).join(" ")}`;
}
