// The conversation as rows: kept in order, updated at most once a frame, and scrolled so that nobody loses their place.

import type { Item } from "../../src/chat/items";
import { grownBy, type Patch } from "../../src/chat/patch";
import { element } from "../base/dom";
import type { Page, Row } from "./row";
import { rowOf } from "./rows";

/** How near to the end one has to come to be carried along, in pixels. Whoever goes up from there leaves it with the first one. */
const NEAR = 24;
/** The room above a question that is shown from its beginning. */
const ABOVE = 8;

/** Where somebody was reading: at the end, or so far below the top of an item. */
export interface Place {
  readonly itemId: string | undefined;
  readonly below: number;
}

export class Transcript {
  readonly element = element("div", { class: "transcript", role: "log", tabindex: 0, aria: { live: "off", label: "Conversation" } });
  readonly #page: Page;
  readonly #items = new Map<string, Item>();
  readonly #rows = new Map<string, Row>();
  readonly #isMoved: (isAtEnd: boolean) => void;
  #order: string[] = [];
  /** What stood in the order and does not any more, as far as it is known to. */
  readonly #gone = new Set<string>();
  /** So many of the first rows stand where they should. */
  #arranged = 0;
  #waiting: Patch[] = [];
  #isAtEnd = true;
  /** Where it was scrolled to last. */
  #top = 0;
  /** How high the view was when it was looked at last. */
  #height = 0;
  #wanted: Place | undefined;
  #isScheduled = false;

  constructor(page: Page, isMoved: (isAtEnd: boolean) => void) {
    this.#page = page;
    this.#isMoved = isMoved;
    this.element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#walk(event));
    new ResizeObserver(() => {
      this.#height = this.element.clientHeight;
      this.#stay();
    }).observe(this.element);
  }

  get isEmpty(): boolean {
    return this.#order.length === 0;
  }

  /** What the person has said, in its order. */
  get said(): readonly string[] {
    return this.#order.flatMap((id) => {
      const item = this.#items.get(id);
      return item?.kind === "user" ? [item.text] : [];
    });
  }

  clear(): void {
    this.#items.clear();
    this.#rows.clear();
    this.#gone.clear();
    this.#order = [];
    this.#arranged = 0;
    this.#waiting = [];
    this.#isAtEnd = true;
    this.element.replaceChildren();
  }

  /** Take in what has changed; it is shown with the next frame. */
  apply(patch: Patch): void {
    this.#waiting.push(patch);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      requestAnimationFrame(() => this.#flush());
    }
  }

  /** Show everything that waits, now. */
  settle(): void {
    this.#flush();
  }

  /** Show an item anew that is as it was: what its row has done by itself is taken back. */
  refresh(itemId: string): void {
    this.#show(itemId);
  }

  reveal(itemId: string): void {
    this.settle();
    const row = this.#rows.get(itemId)?.element;
    if (row !== undefined) {
      this.#isAtEnd = false;
      row.scrollIntoView({ block: "start" });
      row.focus({ preventScroll: true });
    } else {
      this.goTo({ itemId, below: 0 });
    }
  }

  toEnd(): void {
    this.#isAtEnd = true;
    this.#stay();
    this.#isMoved(true);
  }

  /** Where the person reads, to come back to. */
  place(): Place {
    const id = this.#isAtEnd ? undefined : this.#firstBelow(this.element.scrollTop);
    return id === undefined
      ? { itemId: undefined, below: 0 }
      : { itemId: id, below: this.element.scrollTop - (this.#rows.get(id)?.element.offsetTop ?? 0) };
  }

  /** The first row that reaches below a height: they stand one below the other, so half of them can be left out each time. */
  #firstBelow(top: number): string | undefined {
    let [low, high] = [0, this.#arranged];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#rows.get(this.#order[middle] ?? "")?.element;
      if (row !== undefined && row.offsetTop + row.offsetHeight > top) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return this.#order[low];
  }

  /** Go where somebody was, as soon as that is there. */
  goTo(place: Place | undefined): void {
    this.#wanted = place;
  }

  #flush(): void {
    this.#isScheduled = false;
    const place = this.place();
    const touched = new Set<string>();
    for (const patch of this.#waiting.splice(0)) {
      this.#take(patch, touched);
    }
    for (const id of touched) {
      this.#show(id);
    }
    this.#arrange();
    this.#return(place);
  }

  #take(patch: Patch, touched: Set<string>): void {
    for (const item of patch.items) {
      this.#items.set(item.id, item);
      touched.add(item.id);
    }
    for (const growth of patch.grown) {
      const item = grownBy(this.#items.get(growth.id), growth);
      if (item !== undefined) {
        this.#items.set(growth.id, item);
        touched.add(growth.id);
      }
    }
    if (patch.order !== undefined) {
      const { kept, ids } = patch.order;
      for (const id of this.#order.splice(kept)) {
        this.#gone.add(id);
      }
      for (const id of ids) {
        this.#order.push(id);
        this.#gone.delete(id);
      }
      this.#arranged = Math.min(this.#arranged, kept);
    }
  }

  #show(id: string): void {
    const item = this.#items.get(id);
    const row = this.#rows.get(id);
    if (item !== undefined && row !== undefined) {
      row.update(item);
    } else if (item !== undefined) {
      this.#rows.set(id, rowOf(item, this.#page));
    }
  }

  /** Put the rows behind those that are arranged in their order; one that stands where it should is not touched. */
  #arrange(): void {
    for (const id of this.#gone) {
      this.#rows.get(id)?.element.remove();
      this.#rows.delete(id);
      this.#items.delete(id);
    }
    this.#gone.clear();
    const last = this.#rows.get(this.#order[this.#arranged - 1] ?? "")?.element;
    let next = last === undefined ? this.element.firstElementChild : last.nextElementSibling;
    for (const id of this.#order.slice(this.#arranged)) {
      const row = this.#rows.get(id)?.element;
      if (row === next) {
        next = next?.nextElementSibling ?? null;
      } else if (row !== undefined) {
        this.element.insertBefore(row, next);
      }
    }
    this.#arranged = this.#order.length;
  }

  #return(place: Place): void {
    const { itemId, below } = this.#wanted ?? place;
    const row = itemId === undefined ? undefined : this.#rows.get(itemId)?.element;
    if (row !== undefined) {
      this.#isAtEnd = false;
      this.element.scrollTop = row.offsetTop + below;
      this.#wanted = undefined;
    } else {
      this.#stay();
    }
  }

  #stay(): void {
    // Further down than that one is to read the rest of a question.
    if (this.#isAtEnd && this.element.scrollTop < this.#end()) {
      this.element.scrollTop = this.#end();
    }
  }

  /** How far one scrolls to be at the end; a question that is higher than the page is read from its beginning. */
  #end(): number {
    const { scrollHeight, clientHeight } = this.element;
    const end = scrollHeight - clientHeight;
    const last = this.#rows.get(this.#order.at(-1) ?? "")?.element;
    return last?.matches(".approval[data-state=pending]") === true ? Math.min(end, last.offsetTop - ABOVE) : end;
  }

  /** A wheel or a touchpad goes up by a few pixels at a time: who was taken back to the end between two of them would never get away. */
  #scrolled(): void {
    const { scrollTop, clientHeight } = this.element;
    if (clientHeight !== this.#height) {
      return; // A view that is made lower moves the end away; nobody has gone up.
    }
    const isUp = scrollTop < this.#top;
    this.#top = scrollTop;
    const isAtEnd = this.#end() - scrollTop <= (isUp ? 1 : NEAR);
    if (isAtEnd !== this.#isAtEnd) {
      this.#isAtEnd = isAtEnd;
      this.#isMoved(isAtEnd);
    }
  }

  /** Arrow keys go from row to row while a row has the focus. */
  #walk(event: KeyboardEvent): void {
    const focused = document.activeElement;
    const rows = [...this.element.children].filter((each): each is HTMLElement => each instanceof HTMLElement);
    const at = focused instanceof HTMLElement ? rows.indexOf(focused) : -1;
    const to = { ArrowUp: at < 0 ? rows.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || (at < 0 && focused !== this.element)) {
      return;
    }
    event.preventDefault();
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))];
    // Rows that unfold have the focus on their summary.
    row?.setAttribute("tabindex", "-1");
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }
}
