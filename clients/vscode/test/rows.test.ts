import { describe, expect, it } from "vitest";
import type { AgentEvent, RunSummary } from "../src/protocol";
import { artifactText } from "../src/runs/artifactText";
import { plain, titleOf, written } from "../src/runs/commandText";
import { RunList } from "../src/runs/list";
import type { Plan } from "../src/runs/plan";
import { planRow } from "../src/runs/planRows";
import type { Row } from "../src/runs/row";
import { rowsOf, runRow } from "../src/runs/rows";
import { age, allowed, conflictWords, money, tokens, used } from "../src/runs/words";
import { changeRows } from "../src/runs/workRows";
import { emptyRun, type Run, reduce } from "../src/state/run";

let seq = 0;
const told = (event: AgentEvent["event"]): AgentEvent => ({ seq: ++seq, at: "2026-01-01T00:00:00Z", runId: "r", channelId: "c", event });
const runOf = (...events: AgentEvent["event"][]): Run => events.map(told).reduce(reduce, emptyRun("r"));
const PLAN = {
  goal: "add adds",
  criteria: ["it does"],
  steps: [
    { id: "s1", title: "One" },
    { id: "s2", title: "Two", depends_on: ["s1"] },
  ],
};
const GATE: AgentEvent["event"] = {
  kind: "approval",
  approvalId: "a",
  title: "Approve the plan?",
  state: "pending",
  effects: [{ kind: "gate", target: "plan", rule: "gate(plan)" }],
  options: [{ optionId: "edit", label: "Edit", kind: "edit" }],
};
const rows = (run: Run, draft?: Plan) => rowsOf(run, draft, { usd: "3.0", tokens: null, wallS: 1800 });
/** A row and what is below it, each as `label (description) [context]`, deeper ones further in. */
const drawn = (all: readonly Row[], depth = 0): string =>
  all
    .map(
      (row) =>
        `${"  ".repeat(depth)}${row.label}${row.description ? ` (${row.description})` : ""}${row.context ? ` [${row.context}]` : ""}\n${drawn(row.children ?? [], depth + 1)}`,
    )
    .join("");
const call = (state: "running" | "succeeded" | "failed", output?: string): Extract<AgentEvent["event"], { kind: "tool_call" }> => ({
  kind: "tool_call",
  callId: "1",
  stepId: "code",
  tool: "execute_command",
  arguments: { command: "make" },
  state,
  ...(output === undefined ? {} : { output }),
});

describe("the rows of a run", () => {
  it("offer to change a plan while it waits, and show what the person has made of it", () => {
    const run = runOf({ kind: "run", state: "waiting" }, { kind: "plan", plan: PLAN }, GATE);
    expect(drawn(rows(run))).toBe(
      "add adds (approve it or change it) [plan.pending]\n  1. One [item.pending]\n  2. Two (after s1) [item.pending]\n",
    );
    expect(drawn(rows(run, { ...PLAN, steps: [{ id: "s2", title: "Only" }] }))).toBe(
      "add adds (changed by you) [plan.pending]\n  1. Only [item.pending]\n",
    );
  });

  it("have another plan while it waits, which VS Code unfolds though the one before it was folded", () => {
    const before = runOf({ kind: "run", state: "interrupted" }, { kind: "plan", plan: PLAN });
    const waiting = runOf({ kind: "run", state: "waiting" }, { kind: "plan", plan: PLAN }, GATE);
    const [one, other] = [before, waiting].map((run) => planRow(run, undefined));
    expect([one?.expanded, other?.expanded, one?.id === other?.id]).toEqual([false, true, false]);
  });

  it("ask in the words of the chat", () => {
    const effects = [{ kind: "exec" as const, target: "touch made", rule: "exec(touch made)" }];
    const asked: AgentEvent["event"] = { ...GATE, title: "execute_command touch made", effects };
    expect(drawn(rows(runOf({ kind: "run", state: "waiting" }, asked)))).toContain("Run touch made (waits for your answer)");
  });

  it("are others for a step once it has a call: VS Code unfolds by itself only what is new", () => {
    const step: AgentEvent["event"] = { kind: "step", stepId: "code", agent: "coder", state: "running", attempt: 1 };
    const ids = [runOf(step), runOf(step, call("running")), runOf(step, call("succeeded", "ok"))].map(
      (run) => rowsOf(run, undefined, null)[0]?.id,
    );
    expect(ids[1]).not.toBe(ids[0]);
    expect(ids[2]).toBe(ids[1]);
    expect(rowsOf(runOf(step, call("running")), undefined, null)[0]?.expanded).toBe(true);
  });

  it("show steps with their calls, what is done of the plan, changes and cost against the budget", () => {
    const run = runOf(
      { kind: "run", state: "running" },
      { kind: "plan", plan: PLAN },
      { kind: "step", stepId: "plan", agent: "planner", state: "succeeded", attempt: 1 },
      { kind: "tool_call", callId: "0", tool: "run_tests", arguments: {}, state: "failed", output: "$ make test\n1 failed\n[exit code 1]" },
      { kind: "step", stepId: "code", agent: "coder", state: "succeeded", model: "work/m", attempt: 2 },
      call("succeeded", "$ make\ndone\n[exit code 0]"),
      {
        kind: "change",
        changeId: "c",
        path: "a.py",
        uri: "file:///w/a.py",
        state: "applied",
        hunks: [
          {
            hunkId: "h",
            oldStart: 1,
            oldLines: 1,
            newStart: 1,
            newLines: 2,
            oldText: "a\n",
            newText: "b\nc\n",
            stepId: "code",
            state: "applied",
          },
        ],
      },
      { kind: "artifact", stepId: "code", type: "patch", value: { summary: "done", steps_done: ["s1"] } },
      { kind: "usage", input: 12_345, cacheRead: null, cacheWrite: null, output: 80, usd: "0.0123" },
      { kind: "run", state: "failed", reason: "budget_exhausted", text: "The run may use $3." },
    );
    expect(drawn(rows(run))).toBe(
      [
        "The run may use $3.",
        "add adds (1 of 2 done) [plan]",
        "  1. One [item]",
        "  2. Two [item]",
        "Planning (planner) [step]",
        "Tests before any change",
        "  $ the project's tests (failed) [call.command]",
        "    Output ([exit code 1])",
        "Coding (coder · work/m · attempt 2) [step.changed]",
        "  $ make [call.command]",
        "    command (make)",
        "    Output ([exit code 0])",
        "Changes (1 file) [changes]",
        "  a.py (+2 −1) [file.applied]",
        "    Lines 1–2 (applied · +2 −1) [hunk.applied]",
        "Hand-Offs (1)",
        "  patch (Coding)",
        "Cost ($0.01 · 12.3k in · 80 out · of at most $3.00 or 30 min)",
        "",
      ]
        .join("\n")
        .replace("    undefined", "    Lines 1–2 (undefined · +2 −1) [hunk]"),
    );
  });

  it("count a file that was moved once, and say of both its places which the other is", () => {
    const whole = { hunkId: "h", oldStart: 1, newStart: 1, stepId: "code", state: "applied" } as const;
    const made = { ...whole, oldLines: 0, oldText: "", newLines: 2, newText: "a\nb\n" };
    const gone = { ...whole, oldLines: 2, oldText: "a\nb\n", newLines: 0, newText: "" };
    const change = (path: string, hunk: typeof made, state: "applied" | "undone" = "applied"): AgentEvent["event"] => {
      const hunks = [{ ...hunk, hunkId: path, state }];
      return { kind: "change", changeId: path, path, uri: `file:///w/${path}`, state, hunks };
    };
    const row = (...events: AgentEvent["event"][]) => {
      const { description, children = [] } = changeRows(runOf(...events)) ?? {};
      return [description, ...children.map((file) => `${file.label}: ${file.description}`)];
    };
    const [to, from, other] = [change("new.py", made), change("old.py", gone), change("other.py", made)];
    expect(row(to, from, other)).toEqual(["2 files, 1 moved", "new.py: moved from old.py", "old.py: moved to new.py", "other.py: +2 −0"]);
    expect(row(to, other)).toEqual(["2 files", "new.py: +2 −0", "other.py: +2 −0"]);
    expect(row(change("new.py", made, "undone"), change("old.py", gone, "undone"))[0]).toBe("2 files");
  });

  it("say of a run what can be done with it", () => {
    const summary: RunSummary = {
      runId: "r",
      channelId: "c",
      prompt: "Mend\nit",
      workflow: "team",
      agent: null,
      state: "interrupted",
      startedAt: "2026-01-01T00:00:00Z",
      endedAt: null,
      usage: {},
    };
    const at = Date.parse("2026-01-01T02:00:00Z");
    expect(runRow(summary, undefined, at)).toMatchObject({
      label: "Mend",
      description: "interrupted · team · 2 h",
      context: "run.resumable",
    });
    expect(runRow(summary, runOf({ kind: "run", state: "running" }), at)).toMatchObject({ context: "run.live", expanded: true });
  });
});

describe("the terminal of a run", () => {
  it("shows a command when it starts, and its output and end once", () => {
    const done = call("succeeded", "$ make\nall\n[exit code 0]");
    expect(plain(written(call("running"), undefined))).toContain("$ make");
    const end = written(done, call("running"));
    expect(end).toContain("all");
    expect(end).toContain("[exit code 0]");
    expect(end).not.toContain("$ make");
    expect(written(done, done)).toBe("");
    expect([titleOf([call("running")]), titleOf([done]), titleOf([call("failed", "")])]).toEqual([
      "Coterie: make …",
      "Coterie: make ✓",
      "Coterie: make ✗",
    ]);
  });

  it("lets a program colour and nothing else", () => {
    const evil = "\u001b[31mred\u001b[0m\u001b]52;c;aGk=\u0007\u001b]0;title\u001b\\\u001b[2J\u001b[1;1Hx\u009b2Jy\u0008\r\nz";
    expect(plain(evil)).toBe("\u001b[31mred\u001b[0mx2Jy\r\nz");
  });
});

it.each([
  [["rejected", "rejected"], "rejected"],
  [["rejected", "undone"], "taken back"],
  [["rejected", "proposed"], "proposed · +1 −1"],
] as const)("says of a changed file whose parts are %j that it is %s", (states, words) => {
  const at = { oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, oldText: "a\n", newText: "b\n" };
  const hunks = states.map((state, index) => ({ ...at, hunkId: String(index), state }));
  const change = { kind: "change" as const, changeId: "c", path: "a.py", uri: "file:///w/a.py", state: "applied" as const, hunks };
  expect(changeRows({ ...emptyRun("r"), changes: { c: change } })?.children).toMatchObject([{ description: words }]);
});

it("says of a changed file and its lines that they may be somebody else's, as long as they stand", () => {
  const at = { oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, oldText: "a\n", newText: "b\n" };
  const row = (state: "applied" | "undone") => {
    const hunks = [{ ...at, hunkId: "h", state }];
    const of = { kind: "change" as const, changeId: "c", path: "a.py", uri: "file:///w/a.py", unsure: "It is older.", state, hunks };
    return changeRows({ ...emptyRun("r"), changes: { c: of } })?.children?.[0];
  };
  const [standing, gone] = [row("applied"), row("undone")];
  expect([standing?.description, standing?.tooltip]).toEqual([
    "maybe not the agent's · +1 −1",
    "a.py\n\nMaybe not the agent's: It is older.",
  ]);
  expect(standing?.children).toMatchObject([{ description: "maybe not the agent's · applied · +1 −1", icon: { name: "question" } }]);
  expect([gone?.description, gone?.children?.[0]?.description]).toEqual(["taken back", "undone · +1 −1"]);
});

describe("words", () => {
  it("are short and never claim what is not known", () => {
    expect([tokens(980), tokens(12_345), tokens(999_600), tokens(4_500_000)]).toEqual(["980", "12.3k", "1M", "4.5M"]);
    expect([money("0"), money("0.004"), money("1.5"), money(null)]).toEqual(["$0.00", "< $0.01", "$1.50", undefined]);
    expect(used({ input: null, cacheRead: null, cacheWrite: null, output: null, usd: null })).toBe("");
    expect(allowed({ usd: "3", tokens: 2_000_000, wallS: 1800 })).toBe("$3.00, 2M tokens or 30 min");
    expect([age("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:00:59Z")), age("nonsense", 0)]).toEqual(["now", "now"]);
  });

  it("of a hand-off are Markdown whose fences hold", () => {
    const text = artifactText({
      stepId: "code",
      type: "patch",
      value: { summary: "S", files: [{ path: "a.md", diff: "+```\n" }], more: 1 },
    });
    expect(text).toContain("## a.md\n\n````diff\n+```\n````");
    expect(text).toContain('"more": 1');
  });
});

describe("the list of runs", () => {
  const page = (more: boolean, ...ids: number[]) => ({
    more,
    runs: ids.map((id) => ({ runId: `r${id}`, startedAt: `2026-01-01T00:00:${id}Z`, state: "running", usage: {} }) as RunSummary),
  });

  it("keeps its pages when it is asked for anew, and begins anew when there may be runs between", async () => {
    const pages = [page(true, 30, 29), page(false, 28), page(true, 31, 30), page(true, 59, 58)];
    const asked: (string | undefined)[] = [];
    const list = new RunList(async (before) => {
      asked.push(before);
      return pages[asked.length - 1] ?? page(false);
    });
    const ids = () => list.all().map((run) => run.runId);
    await list.refresh();
    await list.loadMore();
    await list.refresh();
    expect([ids(), list.more, asked]).toEqual([["r31", "r30", "r29", "r28"], false, [undefined, "r29", undefined]]);
    await list.refresh();
    expect([ids(), list.more]).toEqual([["r59", "r58"], true]);
    expect(list.hear({ ...emptyRun("r59"), state: "succeeded" })).toBe(false);
    expect(list.get("r59")?.state).toBe("succeeded");
    expect(list.hear(emptyRun("r99"))).toBe(true);
  });
});

it("says of a conflict what could not be done", () => {
  const conflicts = [{ path: "a.py", reason: "It has other lines there now." }];
  expect(conflictWords("applied", conflicts)).toBe("Not applied: a.py: It has other lines there now.");
  expect(conflictWords("taken back", conflicts)).toBe("Not taken back: a.py: It has other lines there now.");
});
