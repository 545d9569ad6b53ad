// What rows of a chat have in common. A row is made once and updated: what a person has unfolded, focused or selected stays so.

import type { Item, UserItem } from "../../src/chat/items";
import { element, icon } from "../base/dom";
import type { Post } from "./markdown";

export interface Row {
  readonly element: HTMLElement;
  update(item: Item): void;
}

/** What a row can ask of the page. */
export interface Page {
  readonly post: Post;
  edit(item: UserItem): void;
}

/** Make the `update` of a row that can only become an item of its own kind. */
export function only<K extends Item["kind"]>(kind: K, update: (item: Extract<Item, { kind: K }>) => void): (item: Item) => void {
  return (item) => {
    if (item.kind === kind) {
      update(item as Extract<Item, { kind: K }>);
    }
  };
}

/** A button of an icon alone. */
export function action(symbol: string, label: string, click: (button: HTMLElement) => void): HTMLButtonElement {
  const button = element("button", { class: "icon-button", type: "button", title: label, aria: { label } }, icon(symbol));
  button.addEventListener("click", () => click(button));
  return button;
}

/** A name of the server's as a person reads it. */
export function titled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, " ");
}
