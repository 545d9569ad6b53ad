// Fields of the settings view: a label, what it is for, a control, where its value comes from, and what went wrong.

import type { Json } from "../../src/protocol";
import { type Field, originLabel, parsed } from "../../src/settings/fields";
import { element, icon, prose } from "../base/dom";
import type { Context } from "./context";

/** Make the row of a field. */
export function row(context: Context, field: Field): HTMLElement {
  const id = `field-${field.key}`;
  const locked = field.lockedBy !== undefined;
  return element(
    "div",
    { class: "row" },
    element(
      "div",
      { class: "row-head" },
      field.control.kind === "toggle"
        ? element("label", { for: id, class: "toggle" }, control(context, field, id), field.label)
        : element("label", { for: id }, field.label),
      element(
        "span",
        { class: "origin", title: locked ? `Decided by: ${originLabel(field.lockedBy ?? "")}` : "" },
        locked && icon("lock"),
        field.value === undefined && !locked ? "" : originLabel(field.origin),
      ),
    ),
    field.doc !== "" && element("p", { class: "doc", id: `${id}-doc` }, ...prose(`${field.doc}.`)),
    field.control.kind !== "toggle" && control(context, field, id),
    note(context, field.key),
  );
}

/** Make the line that says what went wrong with a field. */
export function note(context: Context, at: string): HTMLElement | undefined {
  const said = context.note(at);
  return said === undefined
    ? undefined
    : element("p", { class: "refused", role: "alert" }, icon("error"), element("span", {}, ...prose(said.text)));
}

/** Make the choice of the file that is written. */
export function target(context: Context): HTMLElement {
  const projects = context.settings.files.filter((file) => file.layer === "project");
  const choose = (event: Event): void => context.saveTo((event.target as HTMLSelectElement).value || undefined);
  return element(
    "div",
    { class: "target" },
    element("label", { for: "target" }, "Save to"),
    element(
      "select",
      { id: "target", class: "input", on: { change: choose } },
      element("option", { value: "", selected: context.folder === undefined }, "Your settings, for all projects"),
      ...projects.map((file) =>
        element(
          "option",
          { value: file.folder ?? "", selected: file.folder === context.folder, disabled: file.trusted === false },
          `${name(file.folder ?? "")}${file.trusted === false ? " (not trusted)" : ""}`,
        ),
      ),
    ),
  );
}

/** The last part of a folder's URI. */
export function name(folder: string): string {
  return decodeURIComponent(folder.replace(/\/+$/, "").split("/").at(-1) ?? folder);
}

/** Say that a field is to have a value. */
export function set(context: Context, key: string, value: Json): void {
  context.post({ kind: "set", key, value, folder: context.folder });
}

/** Make a list of texts that can be added to and taken from. */
export function list(context: Context, key: string, values: readonly string[], placeholder: string, choices?: string): HTMLElement {
  const add = (event: Event): void => {
    event.preventDefault();
    const value = input.value.trim();
    if (value !== "" && !values.includes(value)) {
      set(context, key, [...values, value]);
    }
    input.value = "";
  };
  const input = element("input", { class: "input", id: `add-${key}`, type: "text", placeholder, aria: { label: placeholder } });
  if (choices !== undefined) {
    input.setAttribute("list", choices);
  }
  return element(
    "div",
    { class: "list" },
    element("ul", {}, ...values.map((value, index) => item(context, key, values, value, index))),
    element(
      "form",
      { class: "adding", on: { submit: add } },
      input,
      element("button", { class: "button secondary", type: "submit" }, "Add"),
    ),
  );
}

function item(context: Context, key: string, values: readonly string[], value: string, index: number): HTMLElement {
  const without = (): void =>
    set(
      context,
      key,
      values.filter((each) => each !== value),
    );
  const up = (): void =>
    set(
      context,
      key,
      values.map((each, at) => (at === index - 1 ? value : at === index ? (values[index - 1] ?? each) : each)),
    );
  return element(
    "li",
    {},
    element("code", {}, value),
    index > 0 &&
      element(
        "button",
        { class: "icon-button", title: `Move ${value} up`, aria: { label: `Move ${value} up` }, on: { click: up } },
        icon("arrow-up"),
      ),
    element(
      "button",
      { class: "icon-button", title: `Remove ${value}`, aria: { label: `Remove ${value}` }, on: { click: without } },
      icon("close"),
    ),
  );
}

function control(context: Context, field: Field, id: string): HTMLElement {
  const described = field.doc === "" ? {} : { describedby: `${id}-doc` };
  const of = field.control;
  switch (of.kind) {
    case "toggle": {
      const change = (event: Event): void => set(context, field.key, (event.target as HTMLInputElement).checked);
      return element("input", { id, type: "checkbox", checked: field.value === true, aria: described, on: { change } });
    }
    case "choice": {
      const change = (event: Event): void => set(context, field.key, (event.target as HTMLSelectElement).value);
      return element(
        "select",
        { id, class: "input", aria: described, on: { change } },
        ...of.choices.map((choice) => element("option", { value: choice, selected: choice === field.value }, choice)),
      );
    }
    case "list":
      return list(context, field.key, Array.isArray(field.value) ? field.value.map(String) : [], `Add to ${field.label.toLowerCase()}`);
    case "number":
    case "text": {
      const change = (event: Event): void => {
        const entered = event.target as HTMLInputElement;
        const value = parsed(of, entered.value);
        entered.setCustomValidity(value === undefined ? "A number, please." : "");
        if (value === undefined) {
          entered.reportValidity();
        } else {
          set(context, field.key, value);
        }
      };
      const value = field.value === undefined || field.value === null ? "" : String(field.value);
      const kind = of.kind === "number" ? "short" : "";
      return element("input", { id, class: `input ${kind}`, type: "text", value, placeholder: "not set", aria: described, on: { change } });
    }
  }
}
