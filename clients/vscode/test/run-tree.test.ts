import { expect, it, vi } from "vitest";
import type { AgentEvent, RunSummary } from "../src/protocol";
import { RunList } from "../src/runs/list";
import { RunTree } from "../src/runs/tree";
import type { Session } from "../src/session";
import { Runs } from "../src/state/runs";
import { Signal } from "../src/state/signal";

vi.mock("vscode", async () => {
  const { Signal: Emitter } = await import("../src/state/signal");
  return {
    EventEmitter: class {
      readonly #signal = new Emitter<unknown>();
      readonly event = (listener: (value: unknown) => void): unknown => this.#signal.on(listener);
      fire(value: unknown): void {
        this.#signal.emit(value);
      }
      dispose(): void {}
    },
    workspace: { onDidChangeWorkspaceFolders: () => ({ dispose: () => undefined }), workspaceFolders: [] },
  };
});

const summary = (runId: string): RunSummary => ({
  runId,
  channelId: "c",
  prompt: runId,
  workflow: null,
  agent: "coder",
  state: "succeeded",
  startedAt: "2026-01-01T00:00:00Z",
  endedAt: null,
  usage: {},
});

const ended = (runId: string): AgentEvent => ({ seq: 1, at: "2026-01-01T00:00:00Z", runId, event: { kind: "run", state: "succeeded" } });

it("holds a run for as long as it is unfolded, and reads its limits again when it is unfolded again", async () => {
  // Of runs that nobody holds there is room for none but the last.
  const runs = new Runs(async (runId) => [ended(runId)], 0);
  const request = vi.fn(async () => ({ budget: null }));
  const parts = { runs, drafts: { changed: new Signal(), get: () => undefined }, wire: { request } };
  const session = { ...parts, connection: { state: { kind: "running" }, changed: new Signal() } } as unknown as Session;
  const tree = new RunTree(session, new RunList(async () => ({ runs: [summary("a"), summary("b")], more: false })));
  const [node] = await tree.getChildren();
  if (node === undefined) {
    throw new Error("no row");
  }
  await tree.getChildren(node);
  await runs.load("b");
  await runs.load("other");
  expect(runs.all().map(({ runId }) => runId)).toEqual(["a", "other"]);

  const told = new Promise((resolve) => tree.onDidChangeTreeData(resolve));
  tree.fold(node);
  expect(await told).toEqual([node]);
  await runs.load("b");
  expect(runs.all().map(({ runId }) => runId)).toEqual(["b"]);

  await tree.getChildren(node);
  expect(request).toHaveBeenCalledTimes(2);
  tree.dispose();
});
