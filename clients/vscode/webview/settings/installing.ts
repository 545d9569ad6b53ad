// Has a host fetch a model by its name (no host can be asked what there is to fetch), and shows how far that is.

import type { ProviderView } from "../../src/protocol";
import { element, icon } from "../base/dom";
import type { Context, Part } from "./context";
import { note } from "./controls";

/** The model that was asked for last, whose refusal is shown beside the form. */
let asked = "";

export function installing(context: Context): readonly Part[] {
  const hosts = context.state.providers.filter((provider) => provider.capabilities.install === true && provider.state !== "disconnected");
  if (hosts.length === 0) {
    return [element("p", { class: "muted" }, "No provider here can fetch models. Ollama can, once it runs on a machine of yours.")];
  }
  const running = Object.entries(context.state.installs);
  return [
    element("ul", { class: "plain" }, ...running.map(([model, progress]) => line(context, model, progress))),
    form(context, hosts),
    note(context, `model ${asked}`),
  ];
}

function form(context: Context, hosts: readonly ProviderView[]): HTMLElement {
  const host = element(
    "select",
    { class: "input short", id: "install-host", aria: { label: "Host that fetches it" } },
    ...hosts.map(({ id }) => element("option", { value: id }, id)),
  );
  const name = element("input", {
    class: "input",
    id: "install-name",
    type: "text",
    placeholder: "qwen2.5-coder:7b",
    aria: { label: "Name of the model to install" },
  });
  const install = (event: Event): void => {
    event.preventDefault();
    if (name.value.trim() !== "") {
      asked = `${host.value}/${name.value.trim()}`;
      name.value = "";
      context.post({ kind: "install", model: asked });
    }
  };
  return element(
    "form",
    { class: "adding", on: { submit: install } },
    host,
    name,
    element("button", { class: "button secondary", type: "submit" }, "Install"),
  );
}

function line(context: Context, model: string, progress: string): HTMLElement {
  const cancel = (): void => context.post({ kind: "cancel_install", model });
  const button = { class: "button secondary", id: `cancel-${model}`, aria: { label: `Cancel ${model}` }, on: { click: cancel } };
  return element(
    "li",
    {},
    icon("loading codicon-modifier-spin"),
    element("code", {}, model),
    element("span", { class: "muted" }, progress),
    element("button", button, "Cancel"),
  );
}
