// An earlier message that is written anew: which one it is, and what was being written before, which comes back when it is given up.

import type { Chip } from "../../src/chat/draft";
import type { UserItem } from "../../src/chat/items";
import { element, icon } from "../base/dom";

interface Written {
  readonly text: string;
  readonly chips: readonly Chip[];
}

export class Rewriting {
  readonly element: HTMLElement;
  #item: UserItem | undefined;
  #before: Written = { text: "", chips: [] };

  constructor(giveUp: () => void) {
    this.element = element(
      "div",
      { class: "editing", hidden: true },
      icon("edit"),
      element("span", {}, "An earlier message, written anew: it is sent in a new chat, and this one stays as it is."),
      element("button", { class: "link", type: "button", on: { click: giveUp } }, "Cancel"),
    );
  }

  /** Undefined: what is written is a message of its own. */
  get item(): UserItem | undefined {
    return this.#item;
  }

  /** Begin with a message, in the place of what is being written. */
  begin(item: UserItem, before: Written): void {
    this.#before = this.#item === undefined ? before : this.#before;
    this.#item = item;
    this.element.hidden = false;
  }

  /** Return what was being written before. */
  end(): Written {
    this.#item = undefined;
    this.element.hidden = true;
    return this.#before;
  }
}
