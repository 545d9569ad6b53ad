import { describe, expect, it } from "vitest";
import type { SettingsState } from "../src/messages/settings";
import type { ModelView, ProviderCheck } from "../src/protocol";
import { announcement } from "../src/settings/announcing";

const state: SettingsState = {
  running: true,
  settings: undefined,
  providers: [],
  checks: {},
  keys: [],
  models: [],
  installs: {},
  agents: [],
  grants: [],
  sandbox: undefined,
};
const check: ProviderCheck = { provider: "work", state: "ready", text: "`work` answers." };
const model = (id: string): ModelView => ({ id, provider: "box", capabilities: {} });

describe("what a screen reader is told of the settings view", () => {
  it("is how a check ended, once", () => {
    const checking = { ...state, checks: { work: "checking" as const } };
    const checked = { ...state, checks: { work: check } };
    expect([announcement(state, checking), announcement(checking, checked), announcement(checked, checked)]).toEqual([
      "",
      "work answers.",
      "",
    ]);
  });

  it.each([
    ["by its name", "box/new:4b", "box/new:4b"],
    ["by the name that the host gives it", "box/new", "box/new:latest"],
  ])("is that a model is there, %s", (_how, asked, there) => {
    const installing = { ...state, installs: { [asked]: "40 %" } };
    expect(announcement(installing, { ...state, models: [model(there)] })).toBe(`${asked} is installed.`);
  });

  it("is not that a model is there whose installation was cancelled or goes on", () => {
    const installing = { ...state, installs: { "box/new": "40 %" } };
    expect(announcement(installing, state)).toBe("");
    expect(announcement(installing, { ...installing, models: [model("box/new")] })).toBe("");
  });

  it("is nothing when the view opens", () => {
    expect(announcement(undefined, { ...state, checks: { work: check }, models: [model("box/new")] })).toBe("");
  });
});
