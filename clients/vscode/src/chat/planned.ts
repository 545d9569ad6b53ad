// The runs as a chat shows them: the plan of one that waits for its approval stands there as the person has changed it. Pure.

import type { Drafts } from "../state/drafts";
import type { Run } from "../state/run";
import type { Runs } from "../state/runs";
import type { Source } from "./feed";

export function withDrafts(runs: Runs, drafts: Pick<Drafts, "get" | "changed">): Source {
  const changed = (run: Run): Run => {
    // Only what a planner has planned is changed.
    const plan = run.plan === undefined ? undefined : drafts.get(run.runId);
    return plan === undefined ? run : { ...run, plan };
  };
  return {
    get: (runId) => {
      const run = runs.get(runId);
      return run && changed(run);
    },
    live: () => runs.live(),
    active: (channelId) => runs.active(channelId),
    load: (runId) => runs.load(runId),
    hold: (runId) => runs.hold(runId),
    changed: {
      on: (listener) => {
        const heard = runs.changed.on(listener);
        const drafted = drafts.changed.on((runId) => {
          const run = runs.get(runId);
          if (run !== undefined) {
            listener({ ...run, touched: undefined });
          }
        });
        return {
          dispose: () => {
            heard.dispose();
            drafted.dispose();
          },
        };
      },
    },
  };
}
