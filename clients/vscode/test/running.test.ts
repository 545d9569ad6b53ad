import { expect, it } from "vitest";

import { running } from "../src/server/running";
import type { ServerState } from "../src/server/state";
import { Signal } from "../src/state/signal";

const connection = (state: ServerState) => ({ state, changed: new Signal<ServerState>() });

it("is there at once where the server runs", async () => {
  await running(connection({ kind: "running", version: "1" }));
});

it("waits while the server starts, and says why it does not", async () => {
  const good = connection({ kind: "stopped" });
  const there = running(good);
  for (const state of [{ kind: "starting" }, { kind: "running", version: "1" }] as const) {
    good.state = state;
    good.changed.emit(state);
  }
  await there;
  const bad = connection({ kind: "starting" });
  const never = running(bad);
  bad.state = { kind: "failed", reason: "There is no Python.", doing: "start" };
  bad.changed.emit(bad.state);
  await expect(never).rejects.toThrow("There is no Python.");
});
