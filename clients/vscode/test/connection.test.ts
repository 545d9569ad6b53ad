import { beforeEach, expect, it, vi } from "vitest";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import { Connection } from "../src/server/connection";

/** The language clients that were made, and what each is told to be. */
const { made, STATE } = vi.hoisted(() => ({
  made: [] as { disposed: boolean; become(state: number): void }[],
  STATE: { Stopped: 1, Running: 2, Starting: 3, StartFailed: 4 },
}));

vi.mock("vscode", () => ({ workspace: { getConfiguration: () => ({ get: (_name: string, fallback: unknown) => fallback }) } }));
vi.mock("../src/server/find", () => ({ findServer: async () => ({ source: "own", command: "coterie", args: [] }), homeOf: () => "/home" }));
vi.mock("vscode-languageclient/node", () => ({
  State: STATE,
  RevealOutputChannelOn: { Never: 4 },
  ShowMessageNotification: { type: {} },
  LanguageClient: class {
    disposed = false;
    become: (state: number) => void = () => undefined;
    constructor() {
      made.push(this);
    }
    registerFeature(): void {}
    onNotification(): void {}
    onDidChangeState(listener: (change: { newState: number }) => void): void {
      this.become = (newState) => listener({ newState });
    }
    async start(): Promise<void> {
      this.become(STATE.Running);
    }
    async dispose(): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve));
      this.disposed = true;
    }
  },
}));

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() } as unknown as LogOutputChannel;
const connection = (): Connection => new Connection({} as ExtensionContext, log, {});

beforeEach(() => {
  made.length = 0;
});

it("leaves one server behind, however often it is asked to restart at once", async () => {
  const server = connection();
  await server.start();
  await Promise.all([server.restart(), server.restart(), server.restart()]);
  expect(made.map(({ disposed }) => disposed)).toEqual([true, false]);
  expect(server.state.kind).toBe("running");
});

it("says that it failed when a server that ended cannot be started again", async () => {
  const server = connection();
  await server.start();
  made[0]?.become(STATE.Starting);
  expect(server.state.kind).toBe("restarting");
  made[0]?.become(STATE.StartFailed);
  expect(server.state.kind).toBe("failed");
});
