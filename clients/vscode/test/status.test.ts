import { describe, expect, it } from "vitest";
import type { SettingsView, Status } from "../src/protocol";
import { report } from "../src/status/doctor";
import { barItem, dollars, type Known } from "../src/status/view";

const status: Status = { version: "1", mode: "local", providers: [], sandbox: { level: "bubblewrap" }, degraded: [] };
const known: Known = {
  server: { kind: "running", version: "1" },
  status,
  trouble: undefined,
  working: 0,
  waiting: 0,
  usdToday: undefined,
};

describe("the status bar item", () => {
  it.each([
    ["stopped", { server: { kind: "stopped" } }, "circle-slash", "normal"],
    ["not on this machine yet", { server: { kind: "missing" } }, "circle-slash", "warning"],
    ["being installed", { server: { kind: "installing" } }, "loading~spin", "normal"],
    ["starting", { server: { kind: "starting" } }, "loading~spin", "normal"],
    ["ended by itself", { server: { kind: "restarting" } }, "loading~spin", "warning"],
    ["failed", { server: { kind: "failed", reason: "no Python", doing: "install" } }, "error", "error"],
    ["ready", {}, "sparkle", "normal"],
    ["running and of no use", { trouble: "agent/status failed inside the server." }, "error", "error"],
    ["indexing", { status: { ...status, index: { files: 9, done: 3, complete: false } } }, "sync~spin", "normal"],
    ["degraded", { status: { ...status, degraded: [{ code: "c", text: "t" }] } }, "warning", "normal"],
    [
      "snoozed",
      { status: { ...status, suggestions: { enabled: true, model: null, snoozedUntil: "2999-01-01T10:00:00Z" } } },
      "bell-slash",
      "normal",
    ],
    [
      "awake again after a snooze",
      { status: { ...status, suggestions: { enabled: true, model: null, snoozedUntil: "2020-01-01T10:00:00Z" } } },
      "sparkle",
      "normal",
    ],
    ["switched off", { status: { ...status, suggestions: { enabled: false, model: null, snoozedUntil: null } } }, "bell-slash", "normal"],
    ["working", { working: 2 }, "loading~spin", "normal"],
    ["waiting for the person, whatever else", { working: 2, waiting: 1 }, "bell-dot", "warning"],
  ] as const)("shows that it is %s", (_state, change, icon, severity) => {
    const item = barItem({ ...known, ...change } as Known);
    expect([item.text.split(" ")[0], item.severity]).toEqual([`$(${icon})`, severity]);
  });

  it("says why it failed", () => {
    expect(barItem({ ...known, server: { kind: "failed", reason: "no Python", doing: "install" } }).tooltip).toEqual(["no Python"]);
  });

  it("does not say that what is not known costs nothing", () => {
    expect(barItem(known).tooltip).toContain("Cost today: not known");
    expect(barItem({ ...known, usdToday: "0" }).tooltip).toContain("Cost today: $0.00");
  });

  it.each([
    ["0.004321", "$0.0043"],
    ["0.00001", "< $0.0001"],
    ["1.5", "$1.50"],
    ["unknown", "unknown"],
  ])("spells %s dollars as %s", (usd, spelled) => {
    expect(dollars(usd)).toBe(spelled);
  });
});

describe("the doctor", () => {
  const settings: SettingsView = { values: [], problems: [], files: [], trustedWorkspaces: [], machineScope: [], jsonSchema: {} };

  it("says of each provider how it is, and what to try", () => {
    const text = report(
      status,
      [{ provider: "work", state: "auth_required", text: "It wants a key.", action: "coterie keys set work" }],
      settings,
    );
    expect(text).toContain("- **work** (auth_required): It wants a key. Try: `coterie keys set work`");
  });

  it("says that there is none", () => {
    expect(report(status, [], settings)).toContain("None is configured");
  });

  it("names the file and line of what is wrong in the settings", () => {
    const problem = {
      file: "/c.toml",
      line: 3,
      key: "modle",
      message: "There is no such key.",
      suggestion: "Did you mean model?",
      level: "warning" as const,
    };
    expect(report(status, [], { ...settings, problems: [problem] })).toContain("- /c.toml:3: There is no such key. Did you mean model?");
  });
});
