// The hosts of models: how each is, its key, and a form for a new one.

import type { SettingsState } from "../../src/messages/settings";
import type { ProviderView } from "../../src/protocol";
import { fieldsOf } from "../../src/settings/fields";
import { STATE_WORDS, typeWords } from "../../src/settings/words";
import { element, icon, prose } from "../base/dom";
import type { Context } from "./context";
import { note, row, set } from "./controls";

const ICONS: Readonly<Record<ProviderView["state"], string>> = {
  ready: "pass-filled",
  unknown: "question",
  auth_required: "key",
  down: "error",
  disconnected: "debug-disconnect",
};
const ORIGINS = { settings: "from the settings", environment: "from the environment", found: "found on this machine" } as const;

/** The key that was sent from the form, whose refusal is shown there; the view empties the form when it is saved. */
let submitted = "providers";

export function providers(context: Context): readonly Node[] {
  const { state } = context;
  const cards = state.providers.map((provider) => card(context, provider));
  const none = element(
    "p",
    { class: "muted" },
    "None yet. Start Ollama or another server on this machine, log in to the claude command line, or add one below.",
  );
  const discovery = fieldsOf(context.settings, "discovery").map((field) => row(context, field));
  return [...(cards.length === 0 ? [none] : cards), adding(context), ...vault(context), ...discovery];
}

function card(context: Context, provider: ProviderView): HTMLElement {
  const { id } = provider;
  const check = context.state.checks[id];
  const checking = check === "checking";
  const shown = check === undefined || checking ? provider.state : check.state;
  const text = check === undefined || checking ? (provider.error ?? "") : check.text;
  const disconnected = provider.state === "disconnected";
  const inFile = context.settings.files.some((file) => Object.keys(file.values ?? {}).some((key) => key.startsWith(`providers.${id}.`)));
  const button = (label: string, act: () => void): HTMLElement =>
    element("button", { class: "button secondary", id: `${label}-${id}`, on: { click: act } }, label);
  return element(
    "section",
    { class: "card", aria: { label: id } },
    element(
      "div",
      { class: "card-head" },
      element("span", { class: `state ${shown}` }, icon(checking ? "loading codicon-modifier-spin" : ICONS[shown])),
      element("h2", {}, id),
      element("span", { class: "muted" }, `${typeWords(provider.type)}, ${ORIGINS[provider.origin ?? "settings"]}`),
    ),
    element("p", { class: "state-text" }, ...prose(checking ? "Checking…" : text || `It is ${STATE_WORDS[shown]}.`)),
    element(
      "div",
      { class: "actions" },
      button("Check", () => context.post({ kind: "check", provider: id })),
      provider.type === "claude_code"
        ? button("Check the Login", () => context.post({ kind: "command", command: "coterie.checkClaudeCode" }))
        : button(hasKey(context.state, id) ? "Replace the Key" : "Enter a Key", () => context.post({ kind: "enter_key", provider: id })),
      button(disconnected ? "Connect" : "Disconnect", () => context.post({ kind: "connect", provider: id, connect: disconnected })),
      inFile && button("Remove", () => set({ ...context, folder: undefined }, `providers.${id}`, null)),
    ),
    note(context, `provider ${id}`),
    note(context, `providers.${id}`),
  );
}

function hasKey(state: SettingsState, provider: string): boolean {
  return state.keys.some((key) => key.provider === provider);
}

function adding(context: Context): HTMLElement {
  const types = typesOf(context);
  const id = element("input", { class: "input", id: "new-provider", type: "text", placeholder: "work" });
  const type = element(
    "select",
    { class: "input", id: "new-type" },
    ...types.map((each) => element("option", { value: each }, typeWords(each))),
  );
  const url = element("input", { class: "input", id: "new-url", type: "text", placeholder: "http://127.0.0.1:8080/v1" });
  const add = (event: Event): void => {
    event.preventDefault();
    const name = id.value.trim();
    if (!/^[A-Za-z0-9][\w-]*$/.test(name)) {
      id.setCustomValidity("Letters, digits, - and _.");
      id.reportValidity();
      return;
    }
    submitted = `providers.${name}`;
    set({ ...context, folder: undefined }, submitted, {
      type: type.value,
      ...(url.value.trim() === "" ? {} : { base_url: url.value.trim() }),
    });
  };
  id.addEventListener("input", () => id.setCustomValidity(""));
  return element(
    "details",
    { class: "card adder", id: "adder", open: context.state.providers.length === 0, data: { at: submitted } },
    element("summary", {}, "Add a Provider"),
    element(
      "form",
      { class: "grid", on: { submit: add } },
      element("label", { for: "new-provider" }, "Name"),
      id,
      element("label", { for: "new-type" }, "Type"),
      type,
      element("label", { for: "new-url" }, "Address"),
      url,
      element("span", {}),
      element("button", { class: "button", type: "submit" }, "Add"),
    ),
    element(
      "p",
      { class: "doc" },
      "The name stands before the slash of its models: name/model. Its key is asked for afterwards and kept in the vault.",
    ),
    note(context, submitted),
  );
}

function typesOf({ settings }: Context): readonly string[] {
  const definitions = settings.jsonSchema["$defs"] as { ProviderSettings?: { properties?: { type?: { enum?: string[] } } } } | undefined;
  return definitions?.ProviderSettings?.properties?.type?.enum ?? [];
}

function vault(context: Context): readonly Node[] {
  if (context.state.keys.length === 0) {
    return [];
  }
  return [
    element("h2", {}, "Keys in the Vault"),
    element(
      "ul",
      { class: "plain" },
      ...context.state.keys.map(({ name, reference, updatedAt }) => {
        const remove = (): void => context.post({ kind: "delete_key", name });
        return element(
          "li",
          {},
          icon("key"),
          element("code", {}, reference),
          element("span", { class: "muted" }, new Date(updatedAt).toLocaleDateString()),
          element(
            "button",
            { class: "icon-button", title: `Delete the key ${name}`, aria: { label: `Delete the key ${name}` }, on: { click: remove } },
            icon("trash"),
          ),
          note(context, `key ${name}`),
        );
      }),
    ),
  ];
}
