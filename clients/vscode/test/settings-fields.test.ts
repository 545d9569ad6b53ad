import { describe, expect, it } from "vitest";
import type { SettingsView } from "../src/protocol";
import { fieldsOf, originLabel, ownList, parsed } from "../src/settings/fields";

const view: SettingsView = {
  values: [
    { key: "budget.usd", path: ["budget", "usd"], value: "2.5", origin: "user" },
    { key: "permissions.ask", path: ["permissions", "ask"], value: ["net(*)", "exec(*)"], origin: "user, project" },
    { key: "model", path: ["model"], value: "box/m", origin: "environment", lockedBy: "environment" },
  ],
  problems: [],
  files: [
    { layer: "user", path: "/c.toml", uri: "file:///c.toml", exists: true, values: { "permissions.ask": ["net(*)"] } },
    {
      layer: "project",
      path: "/p/c.toml",
      uri: "file:///p/c.toml",
      exists: true,
      folder: "file:///p",
      trusted: true,
      values: { "permissions.ask": ["exec(*)"] },
    },
  ],
  trustedWorkspaces: [],
  machineScope: [],
  jsonSchema: {
    properties: {
      model: { anyOf: [{ type: "string" }, { type: "null" }], description: "the model of every agent" },
      budget: { $ref: "#/$defs/Budget", description: "limits" },
      discovery: { type: "boolean", default: true },
    },
    $defs: {
      Budget: {
        properties: {
          usd: { anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }], description: "US dollars" },
          tokens: { anyOf: [{ type: "integer" }, { type: "null" }] },
          level: { enum: ["auto", "none"], type: "string" },
          rules: { type: "array", items: { type: "string" } },
        },
      },
    },
  },
};

describe("the fields of the settings view", () => {
  it("are those of a table, with controls by their types", () => {
    expect(fieldsOf(view, "budget").map(({ key, control }) => [key, control])).toEqual([
      ["budget.usd", { kind: "number", whole: false }],
      ["budget.tokens", { kind: "number", whole: true }],
      ["budget.level", { kind: "choice", choices: ["auto", "none"] }],
      ["budget.rules", { kind: "list" }],
    ]);
  });

  it("are one for a key that is no table, with its value, origin and lock", () => {
    expect(fieldsOf(view, "model")).toEqual([
      expect.objectContaining({
        key: "model",
        label: "Default model",
        doc: "The model of every agent",
        value: "box/m",
        origin: "environment",
        lockedBy: "environment",
      }),
    ]);
    expect(fieldsOf(view, "discovery")[0]).toMatchObject({
      control: { kind: "toggle" },
      value: undefined,
      origin: "default",
      lockedBy: undefined,
    });
  });

  it("show of a list that adds up what the chosen file says", () => {
    expect(ownList(view, "permissions.ask", undefined)).toEqual(["net(*)"]);
    expect(ownList(view, "permissions.ask", "file:///p")).toEqual(["exec(*)"]);
    expect(ownList(view, "permissions.deny", undefined)).toEqual([]);
  });
});

describe("what a person types", () => {
  const number = { kind: "number", whole: false } as const;
  const whole = { kind: "number", whole: true } as const;
  it.each([
    [number, " 2.5 ", 2.5],
    [number, "", null],
    [number, "two", undefined],
    [whole, "2.5", undefined],
    [whole, "100", 100],
    [{ kind: "text" } as const, " a/b ", "a/b"],
    [{ kind: "text" } as const, "  ", null],
  ])("%o %j is %j", (control, text, value) => {
    expect(parsed(control, text)).toBe(value);
  });
});

it("names layers for people", () => {
  expect(originLabel("user, project")).toBe("your settings, project");
  expect(originLabel("of a later server")).toBe("of a later server");
});
