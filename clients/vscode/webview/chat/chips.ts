// What goes along with a message, as chips above its text; each can be taken away.

import { type Chip, withChip } from "../../src/chat/draft";
import { element, icon } from "../base/dom";
import { action } from "./row";

export class ChipRow {
  readonly element = element("div", { class: "chips", role: "list", hidden: true, aria: { label: "Attached" } });
  readonly #changed: () => void;
  #all: readonly Chip[] = [];

  /** `changed` hears of what a person takes away. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get all(): readonly Chip[] {
    return this.#all;
  }

  show(chips: readonly Chip[]): void {
    this.#all = chips;
    this.element.hidden = chips.length === 0;
    this.element.replaceChildren(...chips.map((chip) => this.#row(chip)));
  }

  add(chip: Chip): void {
    this.show(withChip(this.#all, chip));
  }

  remove(chip: Chip | undefined): void {
    this.show(this.#all.filter((each) => each !== chip));
    this.#changed();
  }

  #row(chip: Chip): HTMLElement {
    const name = element("span", {}, chip.label);
    const remove = action("close", `Remove ${chip.label}`, () => this.remove(chip));
    return element("span", { class: "chip", role: "listitem", title: chip.title }, icon(chip.icon), name, remove);
  }
}
