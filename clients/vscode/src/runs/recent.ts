// Which interrupted runs a window tells of when it comes: those that ended a moment ago and that it has not told of. Pure.

import type { RunSummary } from "../protocol";

/** How many interrupted runs are looked at, and how many are remembered as told. */
export const RECENT = 20;
const RECENT_MS = 10 * 60_000;

export function leftWaiting(runs: readonly RunSummary[], told: readonly string[], nowMs: number): readonly RunSummary[] {
  return runs.filter(
    ({ runId, state, endedAt }) =>
      state === "interrupted" && endedAt !== null && nowMs - Date.parse(endedAt) <= RECENT_MS && !told.includes(runId),
  );
}

/** Return what was told with one run more: the last ones. */
export function remembered(told: readonly string[], runId: string): readonly string[] {
  return [...told, runId].slice(-RECENT);
}
