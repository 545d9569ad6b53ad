import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import { ServerClient } from "../src/server/client";
import { Connection } from "../src/server/connection";
import type { Launch } from "../src/server/locate";
import { LIMIT } from "../src/server/restarts";

/** A language client as far as a connection sees it; `start` does what its test has planned for it. */
interface Client {
  disposed: boolean;
  become(state: number): void;
  /** Its server ends by itself. */
  end(): void;
}

const { made, plan, here, logged, STATE, GONE, Rejected } = vi.hoisted(() => ({
  Rejected: class extends Error {
    readonly code: number;
    constructor(code: number) {
      super("Pending response rejected since connection got disposed");
      this.code = code;
    }
  },
  made: [] as Client[],
  /** What the language client itself would log. */
  logged: [] as (readonly [string, string, unknown])[],
  /** What the next starts do; none: they work. */
  plan: [] as ((client: Client) => Promise<void>)[],
  here: { found: undefined as Launch | undefined, installs: undefined as (() => Promise<boolean>) | undefined },
  STATE: { Stopped: 1, Running: 2, Starting: 3, StartFailed: 4 },
  GONE: -32097,
}));

vi.mock("vscode", () => ({ workspace: { getConfiguration: () => ({ get: (_name: string, fallback: unknown) => fallback }) } }));
vi.mock("../src/server/find", () => ({
  findServer: async () => here.found,
  installServer: () => here.installs?.(),
  homeOf: () => "/home",
}));
vi.mock("vscode-languageclient/node", () => ({
  State: STATE,
  CloseAction: { DoNotRestart: 1, Restart: 2 },
  ErrorAction: { Continue: 1 },
  ErrorCodes: { PendingResponseRejected: GONE, ConnectionInactive: -32096, MessageWriteError: -32099, MessageReadError: -32098 },
  LSPErrorCodes: { RequestFailed: -32803 },
  ResponseError: Rejected,
  RevealOutputChannelOn: { Never: 4 },
  ShowMessageNotification: { type: {} },
  LanguageClient: class {
    disposed = false;
    become: (state: number) => void = () => undefined;
    readonly end: () => void;
    constructor(_id: string, _name: string, _server: unknown, options: { errorHandler: { closed(): { action: number } } }) {
      this.end = () => expect(options.errorHandler.closed().action, "the connection starts the next one itself").toBe(1);
      made.push(this);
    }
    info(message: string, data?: unknown): void {
      logged.push(["info", message, data]);
    }
    warn(message: string, data?: unknown): void {
      logged.push(["warn", message, data]);
    }
    error(message: string, data?: unknown): void {
      logged.push(["error", message, data]);
    }
    registerFeature(): void {}
    onNotification(): void {}
    onDidChangeState(listener: (change: { newState: number }) => void): void {
      this.become = (newState) => listener({ newState });
    }
    async start(): Promise<void> {
      await plan.shift()?.(this);
      this.become(STATE.Running);
    }
    async dispose(): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve));
      this.disposed = true;
    }
  },
}));

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), debug: vi.fn() } as unknown as LogOutputChannel;
const PATIENCE = { timeout: 30_000 };
const SERVER: Launch = { source: "own", command: "coterie", args: [] };
const endsWhileItStarts = async (client: Client): Promise<void> => {
  client.end();
  throw new Rejected(GONE);
};

/** A connection, and the kinds of the states it went through. */
function connected(): { readonly server: Connection; readonly kinds: string[] } {
  const server = new Connection({} as ExtensionContext, log, {});
  const kinds: string[] = [];
  server.changed.on(({ kind }) => kinds.push(kind));
  return { server, kinds };
}

beforeEach(() => {
  made.length = 0;
  logged.length = 0;
  plan.length = 0;
  here.found = SERVER;
  here.installs = undefined;
});

describe("a server that was found", () => {
  it("leaves one behind, however often it is asked to restart at once", async () => {
    const { server } = connected();
    await server.start();
    await Promise.all([server.restart(), server.restart(), server.restart()]);
    expect(made.map(({ disposed }) => disposed)).toEqual([true, false]);
    expect(server.state.kind).toBe("running");
  });

  it("is started again when it ends by itself, and what is left of it goes", async () => {
    const { server, kinds } = connected();
    await server.start();
    made[0]?.end();
    await vi.waitFor(() => expect(server.state.kind).toBe("running"), PATIENCE);
    expect(kinds).toEqual(["starting", "running", "restarting", "running"]);
    expect(made.map(({ disposed }) => disposed)).toEqual([true, false]);
  });

  it("is started again when it ends while it starts, without a word of failure", async () => {
    plan.push(endsWhileItStarts);
    const { server, kinds } = connected();
    await server.start();
    expect(kinds).toEqual(["starting", "restarting", "running"]);
  });

  it("counts an end that nothing but a lost message tells of", async () => {
    plan.push(async () => {
      throw new Rejected(-32099);
    });
    const { server, kinds } = connected();
    await server.start();
    expect(kinds).toEqual(["starting", "restarting", "running"]);
  });

  it("is given up after so many ends, said once, and started anew when a person asks", async () => {
    plan.push(...Array.from({ length: LIMIT.count + 1 }, () => endsWhileItStarts));
    const { server, kinds } = connected();
    await server.start();
    expect(made).toHaveLength(LIMIT.count + 1);
    expect(kinds).toEqual(["starting", ...Array.from({ length: LIMIT.count }, () => "restarting"), "failed"]);
    expect(server.state).toMatchObject({ kind: "failed", doing: "start", reason: expect.stringContaining("several times") });
    await server.restart();
    expect(server.state.kind).toBe("running");
  });

  it("is not tried again when it cannot be started at all, or refuses", async () => {
    plan.push(async () => {
      throw new Error("spawn coterie ENOENT");
    });
    const { server } = connected();
    await server.start();
    expect(server.state).toEqual({ kind: "failed", doing: "start", reason: "spawn coterie ENOENT" });
    expect(made).toHaveLength(1);
  });

  it.each([
    ["was given up", LIMIT.count + 1, GONE - 2],
    ["has refused", 1, -32600],
  ])("is not started again when it %s and its end is told late", async (_case, starts, code) => {
    const failsToWrite = async (): Promise<void> => {
      throw new Rejected(code);
    };
    plan.push(...Array.from({ length: starts }, () => failsToWrite));
    const { server, kinds } = connected();
    await server.start();
    made.at(-1)?.end();
    await vi.waitFor(() => expect(made.every(({ disposed }) => disposed)).toBe(true), PATIENCE);
    expect(made).toHaveLength(starts);
    expect(kinds.filter((kind) => kind === "failed")).toHaveLength(1);
    expect(server.state.kind).toBe("failed");
  });

  it.each(["restart", "install"] as const)("that never answers is ended by %s", async (act) => {
    plan.push(() => new Promise(() => undefined));
    here.installs = async () => true;
    const { server, kinds } = connected();
    plan.push(() => new Promise(() => undefined));
    const first = server.start();
    await vi.waitFor(() => expect(made).toHaveLength(1), PATIENCE);
    const second = server.restart();
    await vi.waitFor(() => expect(made).toHaveLength(2), PATIENCE);
    await server[act]();
    await Promise.all([first, second]);
    expect(server.state.kind).toBe("running");
    expect(kinds).not.toContain("failed");
    expect(made.map(({ disposed }) => disposed)).toEqual([true, true, false]);
  });

  it("that never answers is given up after a while, and said", async () => {
    vi.useFakeTimers();
    try {
      plan.push(() => new Promise(() => undefined));
      const { server } = connected();
      const started = server.start();
      await vi.advanceTimersByTimeAsync(60_000);
      await started;
      expect(server.state).toMatchObject({ kind: "failed", doing: "start", reason: expect.stringContaining("did not answer") });
    } finally {
      vi.useRealTimers();
    }
  });

  it("says that the extension brings another one than it has installed", async () => {
    here.found = { ...SERVER, brings: "0.2.0" };
    const { server } = connected();
    await server.start();
    expect(server.state).toMatchObject({ kind: "running", brings: "0.2.0" });
  });

  it("is looked for no longer when its window asks for another start", async () => {
    const { server, kinds } = connected();
    here.found = new Promise(() => undefined) as never;
    const first = server.start();
    here.found = SERVER;
    await server.restart();
    await first;
    expect(kinds).toEqual(["starting", "stopped", "starting", "running"]);
  });

  it("is not started again when its window has stopped it", async () => {
    const { server } = connected();
    await server.start();
    await server.stop();
    made[0]?.end();
    expect(server.state.kind).toBe("stopped");
    expect(made).toHaveLength(1);
  });
});

describe("a server that is looked for again", () => {
  const other: Launch = { source: "environment", command: "python", args: ["-m", "coterie"] };

  it.each([
    ["the same is found", async () => SERVER],
    ["none is found", async () => undefined],
    ["there can be none", () => Promise.reject(new Error("There is none."))],
  ])("goes on when %s", async (_case, found) => {
    const { server, kinds } = connected();
    await server.start();
    here.found = found() as never;
    await server.lookAgain();
    expect(kinds).toEqual(["starting", "running"]);
    expect(made.map(({ disposed }) => disposed)).toEqual([false]);
  });

  it("makes room when another one is found", async () => {
    const { server, kinds } = connected();
    await server.start();
    here.found = other;
    await server.lookAgain();
    expect(kinds).toEqual(["starting", "running", "stopped", "starting", "running"]);
    expect(made.map(({ disposed }) => disposed)).toEqual([true, false]);
    await server.lookAgain();
    expect(made, "it is the one that runs").toHaveLength(2);
  });

  it("is started where there was none", async () => {
    here.found = undefined;
    const { server, kinds } = connected();
    await server.start();
    here.found = other;
    await server.lookAgain();
    expect(kinds).toEqual(["starting", "missing", "stopped", "starting", "running"]);
  });

  it("is waited for while it is installed", async () => {
    const { server, kinds } = connected();
    let done: (installed: boolean) => void = () => undefined;
    here.installs = () => new Promise((resolve) => (done = resolve));
    const installed = server.install();
    await vi.waitFor(() => expect(server.state.kind).toBe("installing"), PATIENCE);
    await server.lookAgain();
    expect(server.state.kind).toBe("installing");
    done(true);
    await installed;
    expect(kinds).toEqual(["stopped", "installing", "stopped", "starting", "running"]);
  });
});

describe("what the language client logs", () => {
  it("has the stack of a fault, and of a refusal, and of what follows from the server's end, only what it is", () => {
    const client = new ServerClient(() => Promise.reject(new Error("not started")), {
      errorHandler: { closed: () => ({ action: 1 }) },
    } as never);
    const fault = new Error("Connection is disposed.");
    client.error("Stopping server failed", fault);
    const defect = new Rejected(-32603);
    client.error("Request workspace/executeCommand failed.", new Rejected(-32803));
    client.error("Request workspace/executeCommand failed.", defect);
    client.lose();
    client.error("Stopping server failed", fault);
    client.error("The connection got closed.");
    expect(logged).toEqual([
      ["error", "Stopping server failed", fault],
      ["warn", "Request workspace/executeCommand failed: Pending response rejected since connection got disposed", undefined],
      ["error", "Request workspace/executeCommand failed.", defect],
      ["info", "Stopping server failed: Connection is disposed.", undefined],
      ["info", "The connection got closed.", undefined],
    ]);
  });
});

describe("a server that is not there", () => {
  beforeEach(() => {
    here.found = undefined;
  });

  it("is missing until it is installed, and can be looked for again meanwhile", async () => {
    const { server, kinds } = connected();
    await server.start();
    await server.restart();
    expect(kinds).toEqual(["starting", "missing", "stopped", "starting", "missing"]);
    here.installs = async () => {
      here.found = SERVER;
      return true;
    };
    await server.install();
    expect(kinds.slice(5)).toEqual(["stopped", "installing", "stopped", "starting", "running"]);
  });

  it("is installed once, however often it is asked for", async () => {
    const install = vi.fn(async () => true);
    here.installs = install;
    const { server } = connected();
    await Promise.all([server.install(), server.install()]);
    expect(install).toHaveBeenCalledTimes(1);
  });

  it("stays away without a word when the installation is cancelled", async () => {
    here.installs = async () => false;
    const { server, kinds } = connected();
    await server.install();
    expect(kinds).toEqual(["stopped", "installing", "stopped"]);
  });

  it("says why it could not be installed, and that it was an installation", async () => {
    here.installs = () => Promise.reject(new Error("The disk is full."));
    const { server } = connected();
    await server.install();
    expect(server.state).toEqual({ kind: "failed", doing: "install", reason: "The disk is full." });
  });
});
