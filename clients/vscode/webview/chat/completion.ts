// The list that completes `/commands` and `@attachments` while one writes: a listbox that the keys of the text field move.

import type { Completion } from "../../src/chat/draft";
import { element, icon } from "../base/dom";

export class CompletionList {
  readonly element = element("ul", {
    class: "completions",
    id: "completions",
    role: "listbox",
    hidden: true,
    aria: { label: "Completions" },
  });
  readonly #field: HTMLTextAreaElement;
  readonly #choose: (completion: Completion) => void;
  #found: readonly Completion[] = [];
  #at = 0;

  constructor(field: HTMLTextAreaElement, choose: (completion: Completion) => void) {
    this.#field = field;
    this.#choose = choose;
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  show(found: readonly Completion[]): void {
    this.#found = found;
    this.#at = 0;
    this.element.hidden = found.length === 0;
    this.element.replaceChildren(...found.map((completion, index) => this.#option(completion, index)));
    this.#mark();
  }

  hide(): void {
    this.show([]);
  }

  /** Handle a key of the text field; say whether it was for the list. */
  press(event: KeyboardEvent): boolean {
    if (!this.isOpen || event.isComposing) {
      return false;
    }
    const count = this.#found.length;
    switch (event.key) {
      case "ArrowDown":
        this.#at = (this.#at + 1) % count;
        break;
      case "ArrowUp":
        this.#at = (this.#at + count - 1) % count;
        break;
      case "Enter":
      case "Tab": {
        const chosen = this.#found[this.#at];
        if (event.shiftKey || chosen === undefined) {
          return false;
        }
        this.hide();
        this.#choose(chosen);
        break;
      }
      case "Escape":
        this.hide();
        break;
      default:
        return false;
    }
    event.preventDefault();
    event.stopPropagation();
    this.#mark();
    return true;
  }

  #option(completion: Completion, index: number): HTMLElement {
    const option = element(
      "li",
      { role: "option", id: `completion-${index}`, title: completion.detail },
      icon(completion.icon),
      element("span", { class: "completion-label" }, completion.label),
      element("span", { class: "completion-detail" }, completion.detail),
    );
    // The field keeps the focus.
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.hide();
      this.#choose(completion);
    });
    return option;
  }

  #mark(): void {
    for (const [index, option] of [...this.element.children].entries()) {
      option.setAttribute("aria-selected", String(index === this.#at));
      if (index === this.#at) {
        option.scrollIntoView({ block: "nearest" });
      }
    }
    this.#field.setAttribute("aria-expanded", String(this.isOpen));
    if (this.isOpen) {
      this.#field.setAttribute("aria-activedescendant", `completion-${this.#at}`);
    } else {
      this.#field.removeAttribute("aria-activedescendant");
    }
  }
}
