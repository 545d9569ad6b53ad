// Which models do what, and the favourites among all that can be chosen. `installing.ts` fetches others.

import type { ModelView } from "../../src/protocol";
import { fieldsOf } from "../../src/settings/fields";
import { element, icon, prose } from "../base/dom";
import type { Context, Part } from "./context";
import { list, note, row, target } from "./controls";
import { installing } from "./installing";

/** The id of the list that model fields complete from. */
export const CHOICES = "model-choices";

export function models(context: Context): readonly Part[] {
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
    ...installing(context),
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
  const words = `Favourite: ${model.id}`;
  const facts = [
    model.contextTokens == null ? undefined : `${Math.round(model.contextTokens / 1000)}k tokens`,
    model.capabilities.tools === false ? "no tools" : undefined,
    model.capabilities.local === true ? "local" : undefined,
    model.state === "available" ? undefined : model.state,
  ].filter((fact) => fact !== undefined);
  return element(
    "li",
    {},
    element(
      "button",
      { class: "icon-button", id: `star-${model.id}`, title: words, aria: { label: words, pressed: favourite }, on: { click: star } },
      icon(favourite ? "star-full" : "star-empty"),
    ),
    element("code", {}, model.id),
    element("span", { class: "muted" }, facts.join(", ")),
    note(context, `model ${model.id}`),
  );
}
