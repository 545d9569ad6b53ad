// Which models do what, the favourites among all that can be chosen, and models to install.

import type { ModelView } from "../../src/protocol";
import { fieldsOf } from "../../src/settings/fields";
import { element, icon, prose } from "../base/dom";
import type { Context } from "./context";
import { list, note, row, target } from "./controls";

/** The id of the list that model fields complete from. */
export const CHOICES = "model-choices";

export function models(context: Context): readonly Node[] {
  const { state, settings } = context;
  const roles = ["model", "small_model", "completion_model"].flatMap((key) => fieldsOf(settings, key));
  const fallbacks = fieldsOf(settings, "fallbacks");
  const rows = roles.map((field) => {
    const made = row(context, field);
    made.querySelector("input")?.setAttribute("list", CHOICES);
    return made;
  });
  const chosen = [...state.models].sort((a, b) => Number(b.favourite ?? false) - Number(a.favourite ?? false) || (a.id < b.id ? -1 : 1));
  return [
    choices(context),
    target(context),
    ...rows,
    ...fallbacks.map((field) =>
      element(
        "div",
        { class: "row" },
        element("div", { class: "row-head" }, element("label", { for: `add-${field.key}` }, field.label)),
        element("p", { class: "doc" }, ...prose(`${field.doc}.`)),
        list(context, field.key, Array.isArray(field.value) ? field.value.map(String) : [], "Add a model", CHOICES),
        note(context, field.key),
      ),
    ),
    element("h2", {}, "All Models"),
    chosen.length === 0 ? element("p", { class: "muted" }, "No provider has told of any.") : table(context, chosen),
    element("h2", {}, "Install"),
    search(context),
    table(
      context,
      state.found.filter((model) => model.installed === false),
    ),
  ];
}

/** Make the list of models that fields complete from. */
export function choices({ state }: Context): HTMLElement {
  return element("datalist", { id: CHOICES }, ...state.models.map((model) => element("option", { value: model.id })));
}

function table(context: Context, shown: readonly ModelView[]): HTMLElement {
  return element("ul", { class: "plain models" }, ...shown.map((model) => line(context, model)));
}

function line(context: Context, model: ModelView): HTMLElement {
  const favourite = model.favourite === true;
  const star = (): void => context.post({ kind: "favourite", model: model.id, favourite: !favourite });
  const words = favourite ? `${model.id} is a favourite` : `Make ${model.id} a favourite`;
  const facts = [
    model.contextTokens == null ? undefined : `${Math.round(model.contextTokens / 1000)}k tokens`,
    model.capabilities.tools === false ? "no tools" : undefined,
    model.capabilities.local === true ? "local" : undefined,
    model.state === "available" ? undefined : model.state,
  ].filter((fact) => fact !== undefined);
  return element(
    "li",
    {},
    model.installed !== false &&
      element(
        "button",
        { class: "icon-button", id: `star-${model.id}`, title: words, aria: { label: words, pressed: favourite }, on: { click: star } },
        icon(favourite ? "star-full" : "star-empty"),
      ),
    element("code", {}, model.id),
    element("span", { class: "muted" }, facts.join(", ")),
    model.installed === false && installing(context, model.id),
    note(context, `model ${model.id}`),
  );
}

function installing(context: Context, model: string): HTMLElement {
  const progress = context.state.installs[model];
  if (progress === undefined) {
    return element(
      "button",
      { class: "button secondary", id: `install-${model}`, on: { click: () => context.post({ kind: "install", model }) } },
      "Install",
    );
  }
  return element(
    "span",
    { class: "installing" },
    icon("loading codicon-modifier-spin"),
    element("span", { aria: { live: "polite" } }, progress),
    element(
      "button",
      { class: "button secondary", id: `cancel-${model}`, on: { click: () => context.post({ kind: "cancel_install", model }) } },
      "Cancel",
    ),
  );
}

function search(context: Context): HTMLElement {
  const input = element("input", {
    class: "input",
    id: "search-models",
    type: "search",
    placeholder: "qwen, llama, …",
    aria: { label: "Search models to install" },
  });
  const find = (event: Event): void => {
    event.preventDefault();
    context.post({ kind: "search", query: input.value });
  };
  return element(
    "form",
    { class: "adding", on: { submit: find } },
    input,
    element("button", { class: "button secondary", type: "submit" }, "Search"),
    note(context, "search"),
  );
}
