import { describe, expect, it } from "vitest";
import type { RunPage, RunSummary } from "../src/protocol";
import { RunList } from "../src/runs/list";
import { emptyRun } from "../src/state/run";

const summary = (runId: string, startedAt: string): RunSummary => ({
  runId,
  channelId: "c",
  prompt: runId,
  workflow: null,
  agent: "coder",
  state: "running",
  startedAt,
  endedAt: null,
  usage: {},
});
const NEWEST = summary("newest", "2026-01-02");

/** A list over a server that has these runs on its first page, and how often it was asked. */
function listOver(page: RunSummary[]): { list: RunList; asked: () => number; page: RunSummary[] } {
  let asked = 0;
  const fetch = async (): Promise<RunPage> => {
    asked += 1;
    return { runs: [...page], more: true };
  };
  return { list: new RunList(fetch), asked: () => asked, page };
}

describe("the list of runs", () => {
  it("asks once for a run that stands on an older page, whatever is told of it", async () => {
    const { list, asked } = listOver([NEWEST]);
    await list.refresh();
    for (let word = 0; word < 50; word += 1) {
      if (list.hear(emptyRun("old"))) {
        await list.refresh();
      }
    }
    expect(asked()).toBe(2);
  });

  it("asks again for a run that began while it was asking", async () => {
    const { list, page } = listOver([NEWEST]);
    const loading = list.refresh();
    page.push(summary("new", "2026-01-03"));
    expect(list.hear(emptyRun("new"))).toBe(true);
    await Promise.all([loading, list.refresh()]);
    expect(list.all().map(({ runId }) => runId)).toEqual(["new", "newest"]);
  });

  it("asks again for a run when it could not be asked for", async () => {
    let answers = 0;
    const list = new RunList(() => {
      answers += 1;
      return answers === 2 ? Promise.reject(new Error("gone")) : Promise.resolve({ runs: [NEWEST], more: true });
    });
    await list.refresh();
    expect(list.hear(emptyRun("other"))).toBe(true);
    await expect(list.refresh()).rejects.toThrow("gone");
    expect(list.hear(emptyRun("other"))).toBe(true);
  });
});
