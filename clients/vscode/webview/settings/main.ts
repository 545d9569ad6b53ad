// The settings view: sections beside a list of them. It renders what the extension tells and asks it for everything; a field that a person
// is in is left alone while the rest is drawn anew.

import type { FromSettings, SettingsState, ToSettings } from "../../src/messages/settings";
import { announcement } from "../../src/settings/announcing";
import { element, icon, prose } from "../base/dom";
import { connect } from "../base/host";
import { agents } from "./agents";
import type { Context, Part } from "./context";
import { general } from "./general";
import { models } from "./models";
import { permissions } from "./permissions";
import { providers } from "./providers";
import { workspaces } from "./workspaces";

interface Section {
  readonly id: string;
  readonly label: string;
  readonly icon: string;
  readonly render: (context: Context) => readonly Part[];
}

const SECTIONS: readonly Section[] = [
  { id: "providers", label: "Providers", icon: "plug", render: providers },
  { id: "models", label: "Models", icon: "symbol-misc", render: models },
  { id: "agents", label: "Agents", icon: "organization", render: agents },
  { id: "budgets", label: "Budgets", icon: "credit-card", render: (context) => general(context, ["budget"]) },
  { id: "permissions", label: "Permissions", icon: "shield", render: permissions },
  { id: "workspaces", label: "Workspaces", icon: "folder-library", render: workspaces },
  { id: "suggestions", label: "Ghost Text", icon: "edit", render: (context) => general(context, ["suggestions"]) },
  {
    id: "more",
    label: "More",
    icon: "settings",
    render: (context) => general(context, ["discovery", "context", "tests", "retry", "cache"]),
  },
];

let section = SECTIONS[0]?.id ?? "";
let folder: string | undefined;
let state: SettingsState | undefined;
const notes = new Map<string, { readonly kind: "saved" | "refused"; readonly text: string }>();

const navigation = element("nav", { class: "sections", aria: { label: "Sections" } });
const content = element("main", { class: "content", tabindex: -1 });
const announcer = element("div", { class: "visually-hidden", aria: { live: "polite" } });
document.getElementById("root")?.append(navigation, content, announcer);

const host = connect<FromSettings, ToSettings, { section: string }>((message) => {
  switch (message.kind) {
    case "state":
      announce(announcement(state, message.state));
      state = message.state;
      break;
    case "saved":
      settle(message.at);
      if (forget(message.at)) {
        announce("Saved.");
      }
      break;
    case "refused":
      notes.set(message.at, { kind: "refused", text: message.text });
      announce(message.text);
      break;
    case "show":
      section = message.section;
      break;
  }
  render();
});
section = host.state()?.section ?? section;
host.post({ kind: "ready" });

/** Take away what was said of a field that is saved now; all about trust is about one list. Says whether there was something. */
function forget(at: string): boolean {
  const about = [...notes.keys()].filter((each) => each === at || (at.startsWith("trust") && each.startsWith("trust")));
  return about.map((each) => notes.delete(each)).length > 0;
}

/** Have a screen reader say something; all else of the view is drawn anew, and so is no live region. */
function announce(text: string): void {
  if (text !== "") {
    announcer.textContent = text;
  }
}

function render(): void {
  const focused = document.activeElement?.id;
  const before = drafts();
  const scrolled = content.scrollTop;
  navigation.replaceChildren(...SECTIONS.map(link));
  content.replaceChildren(...body().filter((part): part is Node => part instanceof Node));
  for (const [id, text] of before.texts) {
    const again = document.getElementById(id);
    if (again instanceof HTMLInputElement || again instanceof HTMLSelectElement) {
      again.value = text;
    }
  }
  for (const [id, open] of before.open) {
    document.getElementById(id)?.toggleAttribute("open", open);
  }
  content.scrollTop = scrolled;
  if (focused) {
    document.getElementById(focused)?.focus();
  }
}

/** What a person has typed, chosen or opened and the server does not know: drawing the view anew must not take it away. */
function drafts(): { readonly texts: ReadonlyMap<string, string>; readonly open: ReadonlyMap<string, boolean> } {
  const fields = [...content.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input[id]:not([type=checkbox]), .adder select[id]")];
  const changed = fields.filter((field) => field instanceof HTMLSelectElement || field.value !== field.defaultValue);
  return {
    texts: new Map(changed.map((field) => [field.id, field.value])),
    open: new Map([...content.querySelectorAll<HTMLDetailsElement>("details[id]")].map((details) => [details.id, details.open])),
  };
}

/** Forget what was typed for a field that the server has taken. */
function settle(at: string): void {
  const field = document.getElementById(`field-${at}`);
  if (field instanceof HTMLInputElement) {
    field.value = field.defaultValue;
  }
  const adder = content.querySelector<HTMLDetailsElement>(".adder");
  if (adder !== null && adder.dataset["at"] === at) {
    adder.querySelector("form")?.reset();
    adder.open = false;
  }
}

function link(each: Section): HTMLElement {
  const current = each.id === section;
  const open = (): void => {
    section = each.id;
    host.keep({ section });
    content.scrollTop = 0;
    render();
  };
  return element(
    "button",
    {
      class: `section-link${current ? " current" : ""}`,
      id: `section-${each.id}`,
      aria: current ? { current: "page" } : {},
      on: { click: open },
    },
    icon(each.icon),
    each.label,
  );
}

function body(): readonly Part[] {
  const shown = SECTIONS.find((each) => each.id === section);
  if (state === undefined || shown === undefined) {
    return [element("p", { class: "muted" }, "Loading…")];
  }
  if (!state.running) {
    const start = (): void => host.post({ kind: "command", command: "coterie.restartServer" });
    return [
      element("h1", {}, shown.label),
      element("p", {}, "The server is not running, so there is nothing to show."),
      element("button", { class: "button", on: { click: start } }, "Start the Server"),
    ];
  }
  if (state.settings === undefined) {
    return [element("h1", {}, shown.label), element("p", { class: "muted" }, "Loading…")];
  }
  const context: Context = {
    state,
    settings: state.settings,
    folder,
    post: host.post,
    note: (at) => notes.get(at),
    saveTo: (chosen) => {
      folder = chosen;
      render();
    },
  };
  return [element("h1", {}, shown.label), ...problems(context), ...shown.render(context)];
}

function problems({ settings, post }: Context): readonly Node[] {
  return settings.problems
    .filter((problem) => problem.level === "warning")
    .map((problem) => {
      const uri = settings.files.find((file) => file.path === problem.file)?.uri;
      const open = (): void => {
        if (uri !== undefined) {
          post({ kind: "open", uri, line: problem.line ?? undefined });
        }
      };
      return element(
        "div",
        { class: "problem", role: "note" },
        icon("warning"),
        element("span", {}, ...prose(`${problem.key === "" ? "" : `${problem.key}: `}${problem.message} ${problem.suggestion ?? ""}`)),
        uri !== undefined &&
          element("button", { class: "link", on: { click: open } }, problem.line == null ? "Open" : `Open line ${problem.line}`),
      );
    });
}
