// A button that says what is chosen, and asks for something else.

import { element, icon } from "../base/dom";

export function picker(name: string, title: string): { readonly button: HTMLButtonElement; readonly label: HTMLElement } {
  const label = element("span", { class: "picker-label" });
  const button = element(
    "button",
    { class: "picker", type: "button", title, aria: { haspopup: "listbox" } },
    element("span", { class: "visually-hidden" }, `${name}: `),
    label,
    icon("chevron-down"),
  );
  return { button, label };
}
