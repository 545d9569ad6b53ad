import { describe, expect, it, vi } from "vitest";
import type { LogOutputChannel } from "vscode";
import { cleaned, withoutKeys } from "../src/server/tracing";

const asJson = (message: object): string => JSON.stringify({ isLSPMessage: true, type: "send-request", message, timestamp: 1 });

describe("the trace of the conversation with the server", () => {
  it.each([
    'Sending request \'agent/key/list - (3)\'.\nParams: {\n    "name": "work"\n}',
    'Sending request \'agent/run/start - (3)\'.\nParams: { "text": "what is agent/key/set?" }',
    asJson({ jsonrpc: "2.0", id: 3, method: "agent/key/list", params: { name: "work" } }),
    asJson({ jsonrpc: "2.0", id: 3, result: { text: '"method":"agent/key/set"' } }),
    "{ is what a server says of itself, and no JSON",
  ])("holds what is said: %s", (line) => {
    expect(cleaned(line)).toBe(line);
  });

  it.each([
    "Sending request 'agent/key/set - (3)'.",
    "Received response 'agent/key/set - (3)' in 5ms.",
  ])("holds in text that a key was said, and not which: %s", (line) => {
    expect(cleaned(`${line}\nParams: {\n    "value": "sk-1"\n}`)).toBe(line);
  });

  it("holds in JSON that a key was said, and not which", () => {
    const said = { jsonrpc: "2.0", id: 3, method: "agent/key/set" };
    expect(cleaned(asJson({ ...said, params: { value: "sk-1", key: "work" } }))).toBe(asJson(said));
  });

  it("goes into the log, whose other lines stay as they are", () => {
    // As VS Code's own, which cannot be changed.
    const log = Object.freeze({ trace: vi.fn(), info: vi.fn(), logLevel: 1 });
    const kept = withoutKeys(log as unknown as LogOutputChannel);
    kept.trace(asJson({ id: 3, method: "agent/key/set", params: { value: "sk-1" } }));
    kept.info("It starts.");
    expect([log.trace.mock.calls, log.info.mock.calls, kept.logLevel]).toEqual([
      [[asJson({ id: 3, method: "agent/key/set" })]],
      [["It starts."]],
      1,
    ]);
  });
});
