import { beforeEach, describe, expect, it, vi } from "vitest";

interface Item {
  readonly label: string;
  readonly description?: string;
}

const { shown, window } = vi.hoisted(() => {
  const shown: { items: readonly Item[]; activeItems: readonly Item[] }[] = [];
  /** A list as VS Code's: it begins at its first row where nobody says otherwise, and a person presses Enter at once. */
  const createQuickPick = () => {
    let accept: () => void = () => undefined;
    const picker = {
      items: [] as readonly Item[],
      activeItems: [] as readonly Item[],
      get selectedItems(): readonly Item[] {
        return this.activeItems.length > 0 ? this.activeItems : this.items.filter((item) => !("kind" in item)).slice(0, 1);
      },
      onDidAccept: (listener: () => void) => (accept = listener),
      onDidHide: () => undefined,
      onDidTriggerItemButton: () => undefined,
      show: () => void setTimeout(() => accept()),
      hide: () => undefined,
    };
    shown.push(picker);
    return picker;
  };
  return { shown, window: { createQuickPick } };
});
vi.mock("vscode", () => ({ window, QuickPickItemKind: { Separator: -1 }, ThemeIcon: class {} }));
vi.mock("../src/refusals", () => ({ guarded: (action: () => unknown) => action() }));

import { chooseAgent, chooseModel } from "../src/chat/choosing";
import type { Wire } from "../src/server/wire";

const wireOf = (answers: Readonly<Record<string, unknown>>): Wire =>
  ({ request: async (method: string) => answers[method] }) as unknown as Wire;
const agents = ["architect", "chat", "coder"].map((id) => ({ id, doc: "", model: null }));
const workflows = ["review", "team"].map((id) => ({ id, doc: "", steps: [] }));
const models = ["a/one", "b/two"].map((id) => ({ id, provider: id.slice(0, 1) }));
const server = wireOf({ "agent/agent/list": { agents }, "agent/workflow/list": { workflows }, "agent/model/list": { models } });
const NOTHING = { agent: undefined, model: undefined, workflow: undefined };

beforeEach(() => shown.splice(0));

describe("a person who presses Enter at once in the list of who answers", () => {
  it.each([
    ["nobody was chosen yet", NOTHING],
    ["an agent was chosen", { ...NOTHING, agent: "coder", model: "b/two" }],
    ["a team was chosen", { ...NOTHING, workflow: "team" }],
  ])("has changed nothing where %s", async (_what, choice) => {
    expect(await chooseAgent(server, choice)).toEqual(choice);
    expect(shown[0]?.activeItems).toHaveLength(1);
    expect(shown[0]?.items.filter(({ description }) => description === "current")).toEqual(shown[0]?.activeItems);
  });

  it.each([undefined, "b/two"])("nor in that of the models, of which %s is in use", async (model) => {
    expect(await chooseModel(server, { ...NOTHING, agent: "coder", model })).toEqual({ ...NOTHING, agent: "coder", model });
  });
});

it("has no heading where nothing stands below it", async () => {
  await chooseAgent(wireOf({ "agent/agent/list": { agents }, "agent/workflow/list": { workflows: [] } }), NOTHING);
  expect(shown[0]?.items.map(({ label }) => label.replace(/^\$\(.*\) /, ""))).toEqual(["one agent", "architect", "chat", "coder"]);
});
