// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Item } from "../../src/chat/items";
import { Transcript } from "./transcript";

const HIGH = 100;
let high = HIGH;
/** Have the page notice that its height is another one. */
let resized: () => void;
const ROW = 60;
/** What a question is high. */
const QUESTION = 300;
const frames: (() => void)[] = [];
let transcript: Transcript;
let moves: boolean[];

/** A page without a layout of its own: each row has its height, and the element shows so much of them. */
beforeEach(() => {
  frames.length = 0;
  high = HIGH;
  moves = [];
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(notice: () => void) {
        resized = notice;
      }
      observe(): void {}
    },
  );
  vi.stubGlobal("requestAnimationFrame", (act: () => void) => frames.push(act));
  transcript = new Transcript({ post: () => undefined, edit: () => undefined }, (isAtEnd) => void moves.push(isAtEnd));
  const { element } = transcript;
  const heightOf = (row: Element): number => (row.matches("[data-state=pending]") ? QUESTION : ROW);
  const above = (row: Element): number => {
    const before = [...element.children];
    return before.slice(0, before.indexOf(row)).reduce((sum, each) => sum + heightOf(each), 0);
  };
  let top = 0;
  const height = (): number => [...element.children].reduce((sum, each) => sum + heightOf(each), 0);
  Object.defineProperties(element, {
    clientHeight: { get: () => high },
    scrollHeight: { get: height },
    scrollTop: {
      get: () => {
        top = Math.max(0, Math.min(top, height() - high));
        return top;
      },
      set: (to: number) => {
        top = Math.max(0, Math.min(to, height() - high));
        element.dispatchEvent(new Event("scroll"));
      },
    },
  });
  resized();
  vi.spyOn(HTMLElement.prototype, "offsetTop", "get").mockImplementation(function (this: HTMLElement) {
    return above(this);
  });
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockImplementation(function (this: HTMLElement) {
    return heightOf(this);
  });
});

const words = (id: string): Item => ({ kind: "user", id, messageId: id, runId: undefined, text: id, attached: [] });
const question = (id: string, decided?: string): Item => ({
  kind: "approval",
  id,
  approvalId: id,
  runId: undefined,
  title: "May it?",
  effects: [],
  options: [],
  plan: undefined,
  proposal: undefined,
  decided,
  isGranted: decided !== undefined,
});

let order: string[] = [];
function tell(...items: readonly Item[]): void {
  order = [...order.filter((id) => items.every((item) => item.id !== id)), ...items.map(({ id }) => id)];
  transcript.apply({ items, grown: [], order: { kept: 0, ids: order } });
  draw();
}

function draw(): void {
  for (const frame of frames.splice(0)) {
    frame();
  }
}

function fill(): void {
  order = [];
  tell(...["a", "b", "c", "d"].map(words));
}

describe("who is at the end", () => {
  it("is carried along", () => {
    fill();
    expect(transcript.element.scrollTop).toBe(4 * ROW - HIGH);
    tell(words("e"));
    expect(transcript.element.scrollTop).toBe(5 * ROW - HIGH);
  });

  it("leaves it with the first pixel up, and comes back near to it on the way down", () => {
    fill();
    const { element } = transcript;
    element.scrollTop -= 3;
    const kept = element.scrollTop;
    tell(words("e"));
    expect([element.scrollTop, moves]).toEqual([kept, [false]]);
    element.scrollTop = 5 * ROW - HIGH - 10;
    tell(words("f"));
    expect([element.scrollTop, moves]).toEqual([6 * ROW - HIGH, [false, true]]);
  });

  it("stays there when rows become less", () => {
    fill();
    order = ["a", "b", "c"];
    transcript.apply({ items: [], grown: [], order: { kept: 3, ids: [] } });
    draw();
    transcript.element.scrollTop = 3 * ROW - HIGH;
    tell(words("e"));
    expect(transcript.element.scrollTop).toBe(4 * ROW - HIGH);
  });

  it("stays there when the view is made lower, also when that comes before an earlier move is told of", () => {
    fill();
    high -= 50;
    transcript.element.dispatchEvent(new Event("scroll"));
    resized();
    expect([transcript.element.scrollTop, moves]).toEqual([4 * ROW - high, []]);
  });

  it("sees a question that is higher than the page from its beginning, reads the rest in peace, and then what came of it", () => {
    fill();
    const { element } = transcript;
    tell(question("q"));
    expect(element.scrollTop).toBe(4 * ROW - 8);
    element.scrollTop += 100;
    tell(question("q"));
    expect(element.scrollTop).toBe(4 * ROW - 8 + 100);
    transcript.toEnd();
    tell(question("q", "Allowed"), words("e"));
    expect(element.scrollTop).toBe(6 * ROW - HIGH);
  });
});

it("knows what the person has said, in its order", () => {
  fill();
  tell(question("q"), words("e"));
  expect(transcript.said).toEqual(["a", "b", "c", "d", "e"]);
});
