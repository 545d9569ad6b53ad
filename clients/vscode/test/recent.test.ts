import { expect, it } from "vitest";
import type { RunSummary } from "../src/protocol";
import { leftWaiting, RECENT, remembered } from "../src/runs/recent";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const run = (runId: string, endedAt: string | null, state: RunSummary["state"] = "interrupted"): RunSummary => ({
  runId,
  channelId: "c",
  prompt: "Mend it",
  workflow: null,
  agent: null,
  state,
  startedAt: "2026-01-01T11:00:00Z",
  endedAt,
  usage: {} as RunSummary["usage"],
});

it("tells of runs that were interrupted a moment ago, each once", () => {
  const runs = [
    run("now", "2026-01-01T11:59:50Z"),
    run("told", "2026-01-01T11:59:40Z"),
    run("earlier", "2026-01-01T11:49:59Z"),
    run("open", null),
    run("done", "2026-01-01T11:59:50Z", "succeeded"),
  ];
  expect(leftWaiting(runs, ["told"], NOW).map(({ runId }) => runId)).toEqual(["now"]);
  expect(leftWaiting(runs, remembered(["told"], "now"), NOW)).toEqual([]);
});

it("remembers the last ones", () => {
  const all = Array.from({ length: RECENT + 2 }, (_, index) => String(index)).reduce<readonly string[]>(remembered, []);
  expect(all).toEqual(Array.from({ length: RECENT }, (_, index) => String(index + 2)));
});
