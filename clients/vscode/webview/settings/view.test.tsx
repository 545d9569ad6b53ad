// @vitest-environment jsdom
import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, it } from "vitest";
import type { FromSettings, SettingsState, ToSettings } from "../../src/messages/settings";
import type { ProviderView, SettingsView } from "../../src/protocol";
import { keepingFocus } from "./focus";
import { after, EMPTY, type Page } from "./page";
import { View } from "./view";

const settings: SettingsView = {
  values: [{ key: "budget.usd", value: 3, origin: "user", path: ["budget", "usd"] }],
  problems: [],
  files: [
    { layer: "user", path: "/c.toml", uri: "file:///c.toml", exists: true, values: { "trust.workspaces": ["/one", "/two"] } },
    { layer: "project", path: "/p/.coterie/config.toml", uri: "file:///p", exists: true, folder: "file:///p", trusted: false },
  ],
  trustedWorkspaces: [],
  machineScope: [],
  jsonSchema: {
    properties: { budget: { properties: { usd: { type: "number" } } }, discovery: { type: "boolean" } },
    $defs: { ProviderSettings: { properties: { type: { enum: ["ollama", "anthropic"] } } } },
  },
};
const work: ProviderView = { id: "work", type: "ollama", state: "ready", capabilities: { install: true } };
const state: SettingsState = {
  running: true,
  settings,
  providers: [work],
  checks: {},
  keys: [],
  models: [],
  installs: {},
  agents: [],
  grants: [],
  sandbox: undefined,
};
const posted: FromSettings[] = [];
let root: HTMLElement;
let page: Page;

function draw(next: Page): void {
  page = next;
  const drawn = (
    <View
      page={page}
      post={(message) => posted.push(message)}
      open={(section) => draw({ ...page, section })}
      saveTo={(folder) => draw({ ...page, folder })}
    />
  );
  keepingFocus(root, () => void act(() => render(drawn, root)));
}

const tell = (message: ToSettings): void => draw(after(page, message).page);
const become = (change: Partial<SettingsState>): void => tell({ kind: "state", state: { ...state, ...change } });
const fireOn = (target: Element, type: string): void => void act(() => void target.dispatchEvent(new Event(type, { bubbles: true })));

function found<E extends Element>(selector: string): E {
  const element = root.querySelector<E>(selector);
  if (element === null) {
    throw new Error(`there is no ${selector} in ${root.innerHTML}`);
  }
  return element;
}

function button(label: string): HTMLButtonElement {
  const made = [...root.querySelectorAll("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent) === label);
  if (made === undefined) {
    throw new Error(`there is no button ${label} in ${root.innerHTML}`);
  }
  return made;
}

function typeInto(field: HTMLInputElement, text: string): void {
  field.value = text;
  fireOn(field, "input");
}

beforeEach(() => {
  posted.length = 0;
  document.body.replaceChildren();
  root = document.body.appendChild(document.createElement("div"));
  draw({ ...EMPTY, state });
});

describe("the settings view", () => {
  it.each([
    "Workspaces",
    "Check",
    "Disconnect",
    "Enter a Key",
  ])("keeps what a press on %s began at, whatever arrives before it ends", (label) => {
    const pressed = button(label);
    pressed.focus();
    become({ checks: { work: "checking" }, sandbox: { level: "bubblewrap" } });
    become({
      checks: { work: { provider: "work", state: "down", text: "work does not answer." } },
      providers: [{ ...work, state: "down" }],
    });
    become({ providers: [{ ...work, id: "another" }, work], keys: [] });
    expect([root.contains(pressed), document.activeElement === pressed]).toEqual([true, true]);
  });

  it("finds models among many by words of their ids, favourites first, and says how many", () => {
    const models = Array.from({ length: 30 }, (_none, number) => ({
      id: `${number % 2 === 0 ? "one" : "other"}/model-${number}`,
      provider: "work",
      capabilities: {},
      favourite: number === 20,
    }));
    void act(() => button("Models").click());
    become({ models: models.slice(0, 20) });
    expect(root.querySelector("input[type=search]"), "so few can be looked through").toBeNull();
    become({ models });
    typeInto(found("input[type=search]"), "2 ONE/");
    expect([...root.querySelectorAll(".models code")].map((id) => id.textContent)).toEqual([
      "one/model-20",
      "one/model-12",
      "one/model-2",
      "one/model-22",
      "one/model-24",
      "one/model-26",
      "one/model-28",
    ]);
    expect(found(".finding [role=status]").textContent).toBe("7 of 30");
  });

  it("opens a section, and leaves the focus on what was pressed", () => {
    const pressed = button("Workspaces");
    pressed.focus();
    void act(() => pressed.click());
    expect([found("h1").textContent, pressed.getAttribute("aria-current")]).toEqual(["Workspaces", "page"]);
    expect(document.activeElement).toBe(pressed);
  });

  it("keeps what is typed until it is saved, and then shows what the server says", () => {
    tell({ kind: "show", section: "budgets" });
    const field = found<HTMLInputElement>("input");
    typeInto(field, "0.250");
    become({ sandbox: { level: "none" } });
    expect(field.value).toBe("0.250");
    fireOn(field, "change");
    expect(posted).toEqual([{ kind: "set", key: "budget.usd", value: 0.25, folder: undefined }]);
    become({ settings: { ...settings, values: [{ key: "budget.usd", value: 0.25, origin: "user", path: ["budget", "usd"] }] } });
    expect(field.value).toBe("0.250");
    tell({ kind: "saved", at: "budget.usd" });
    expect(field.value).toBe("0.25");
    become({ settings: { ...settings, values: [{ key: "budget.usd", value: 7, origin: "project", path: ["budget", "usd"] }] } });
    expect(field.value).toBe("7");
    expect(found("input").isSameNode(field)).toBe(true);
  });

  it("keeps what was typed and refused, with the reason, and what was typed while an earlier text was being saved", () => {
    tell({ kind: "show", section: "budgets" });
    const field = found<HTMLInputElement>("input");
    typeInto(field, "-3");
    fireOn(field, "change");
    tell({ kind: "refused", at: "budget.usd", text: "At least 0." });
    expect([field.value, found("[role=alert]").textContent]).toEqual(["-3", "At least 0."]);
    typeInto(field, "1");
    fireOn(field, "change");
    typeInto(field, "12");
    tell({ kind: "saved", at: "budget.usd" });
    expect([field.value, root.querySelector("[role=alert]")]).toEqual(["12", null]);
  });

  it("empties and closes the form of a provider when it is saved, not before", () => {
    const adder = found<HTMLDetailsElement>("details");
    expect(adder.open).toBe(false);
    void act(() => found<HTMLElement>("summary").click());
    const name = found<HTMLInputElement>("#new-provider");
    name.value = "spare";
    fireOn(found("form.grid"), "submit");
    expect(posted).toEqual([{ kind: "set", key: "providers.spare", value: { type: "ollama" }, folder: undefined }]);
    tell({ kind: "refused", at: "providers.spare", text: "Not now." });
    expect([adder.open, name.value, adder.querySelector("[role=alert]")?.textContent]).toEqual([true, "spare", "Not now."]);
    tell({ kind: "saved", at: "providers.spare" });
    expect([adder.open, name.value]).toEqual([false, ""]);
  });

  it("moves the focus to the field when an entry of a list goes, and forgets all notes about trust when one is settled", () => {
    tell({ kind: "show", section: "workspaces" });
    tell({ kind: "refused", at: "trust file:///p", text: "Its parent is trusted." });
    void act(() => button("Remove /one").click());
    expect(posted).toEqual([{ kind: "set", key: "trust.workspaces", value: ["/two"], folder: undefined }]);
    expect(document.activeElement?.id).toBe("add-trust.workspaces");
    tell({ kind: "saved", at: "trust.workspaces" });
    expect(root.querySelector("[role=alert]")).toBeNull();
  });

  it("takes both rules away that are removed before the server answers, and shows its list when it refuses", () => {
    const allowing = (...rules: string[]): SettingsView => ({
      ...settings,
      files: [{ layer: "user", path: "/c.toml", uri: "file:///c.toml", exists: true, values: { "permissions.allow": rules } }],
    });
    const at = "permissions.allow";
    const rules = (): readonly (string | null)[] => [...root.querySelectorAll(".list li code")].map(({ textContent }) => textContent);
    tell({ kind: "show", section: "permissions" });
    become({ settings: allowing("exec(rm *)", "exec(curl *)", "net(*)") });
    void act(() => button("Remove exec(rm *)").click());
    void act(() => button("Remove exec(curl *)").click());
    expect(posted.map((message) => (message.kind === "set" ? message.value : undefined))).toEqual([["exec(curl *)", "net(*)"], ["net(*)"]]);
    become({ settings: allowing("exec(curl *)", "net(*)") });
    tell({ kind: "saved", at });
    expect(rules()).toEqual(["net(*)"]);
    tell({ kind: "refused", at, text: "The file is read-only." });
    expect(rules()).toEqual(["exec(curl *)", "net(*)"]);
  });

  it("lists what is allowed for a while, revokes it, and says what went wrong with that", () => {
    const grant = { grantId: "g1", answer: "allow_run", verdict: "allow", rule: "exec(touch made)", title: "Make it" } as const;
    tell({ kind: "show", section: "permissions" });
    expect(root.textContent).toContain("What you allow in a run or until restart is listed here");
    become({
      grants: [
        { ...grant, scope: "run" },
        { ...grant, grantId: "g2", scope: "session", answer: "allow_session" },
        { ...grant, grantId: "g3", scope: "user", answer: "allow_always", rule: "exec(ls *)" },
      ],
    });
    expect([...root.querySelectorAll(".list li")].map(({ textContent }) => textContent)).toEqual([
      "exec(touch made)in “Make it”",
      "exec(touch made)until restart",
    ]);
    void act(() => button("Revoke exec(touch made), until restart").click());
    expect(posted).toEqual([{ kind: "revoke", grant: "g2" }]);
    tell({ kind: "refused", at: "grants", text: "Another server is running this run." });
    expect(found("[role=alert]").textContent).toBe("Another server is running this run.");
    tell({ kind: "saved", at: "grants" });
    expect(root.querySelector("[role=alert]")).toBeNull();
  });

  it("leaves the focus on the button of a row that is moved, also at the top, where it does nothing", () => {
    tell({ kind: "show", section: "workspaces" });
    const label = "Move /two up";
    button(label).focus();
    void act(() => button(label).click());
    expect(posted).toEqual([{ kind: "set", key: "trust.workspaces", value: ["/two", "/one"], folder: undefined }]);
    expect([document.activeElement, button(label).getAttribute("aria-disabled")]).toEqual([button(label), "true"]);
    void act(() => button(label).click());
    expect(posted).toHaveLength(1);
  });

  it("passes the focus on when a row goes with the button that has it", () => {
    const key = (name: string): SettingsState["keys"][number] => ({
      name,
      provider: name,
      reference: `vault://${name}`,
      updatedAt: "2026-01-01T00:00:00Z",
    });
    become({ keys: [key("one"), key("two")] });
    button("Delete the key one").focus();
    become({ keys: [key("two")] });
    expect(document.activeElement).toBe(button("Delete the key two"));
    become({});
    expect([root.contains(document.activeElement), document.activeElement?.tagName]).toEqual([true, "INPUT"]);
  });

  it("offers to remove a provider that stands in the person's own file, no other", () => {
    const removable = (layer: "user" | "project"): boolean => {
      become({
        settings: {
          ...settings,
          files: [{ layer, path: "/c", uri: "file:///c", exists: true, values: { "providers.work.type": "ollama" } }],
        },
      });
      return [...root.querySelectorAll("button")].some(({ textContent }) => textContent === "Remove");
    };
    expect([removable("user"), removable("project")]).toEqual([true, false]);
  });

  it("has the address of a provider that stands in the person's own file to be corrected there, of no other", () => {
    const key = "providers.work.base_url";
    const where = (layer: "user" | "project"): void =>
      become({
        settings: {
          ...settings,
          values: [{ key, value: "http://old/v1", origin: layer, path: key.split(".") }],
          files: [{ layer, path: "/c", uri: "file:///c", exists: true, values: { [key]: "http://old/v1" } }],
        },
      });
    where("project");
    expect(document.getElementById(`field-${key}`)).toBeNull();
    where("user");
    const field = found<HTMLInputElement>(`[id="field-${key}"]`);
    expect(field.value).toBe("http://old/v1");
    typeInto(field, "http://new/v1");
    fireOn(field, "change");
    expect(posted).toEqual([{ kind: "set", key, value: "http://new/v1", folder: undefined }]);
  });

  it("offers to look for models where there is no provider", () => {
    become({ providers: [] });
    void act(() => button("Find Models on This Machine").click());
    expect(posted).toEqual([{ kind: "command", command: "coterie.models.find" }]);
  });

  it("has fields of their own in each section", () => {
    tell({ kind: "show", section: "workspaces" });
    found<HTMLInputElement>("input").value = "half a path";
    tell({ kind: "show", section: "permissions" });
    expect([...root.querySelectorAll("input")].map((each) => each.value).join("")).not.toContain("half");
  });
});
