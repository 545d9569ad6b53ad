import { describe, expect, it } from "vitest";
import { traced } from "../src/server/tracing";

describe("the trace of the conversation with the server", () => {
  it("holds what is said", () => {
    expect(traced("Sending request 'agent/key/list - (3)'.", "Params: {}")).toBe("Params: {}");
  });

  it.each(["Sending request 'agent/key/set - (3)'.", "Received response 'agent/key/set - (3)' in 5ms."])("holds no key: %s", (line) => {
    expect(traced(line, 'Params: { "value": "sk-1" }')).toBeUndefined();
  });
});
