// A text that grows: what is finished of it is rendered once, only its last block anew, and code that streams is added to what is there.

import { BlockSplitter } from "../../src/chat/blocks";
import { element } from "../base/dom";
import { colourSoon } from "./colours";
import { linkNotes } from "./footnotes";
import { become, retell } from "./growing";
import { codeBlock, type Post, rendered } from "./markdown";

const OPEN_FENCE = /^ {0,3}(`{3,}|~{3,})([^\n]*)\n/;

export class Prose {
  readonly element = element("div", { class: "prose" });
  readonly #post: Post;
  #splitter = new BlockSplitter();
  #tail = element("div", { class: "block" });
  /** The code of the open block while it streams: its first line, and where its text goes. */
  #streaming: { readonly opening: string; readonly code: Text } | undefined;
  #text = "";
  #isFinished = false;

  constructor(post: Post) {
    this.#post = post;
    this.element.append(this.#tail);
  }

  /** Show a text; `isPartial`: more may come behind it. */
  show(text: string, isPartial: boolean): void {
    if (text === this.#text && this.#isFinished === !isPartial) {
      return;
    }
    if (!text.startsWith(this.#text) || this.#isFinished) {
      this.#reset();
    }
    const { ended, open } = this.#splitter.push(text.slice(this.#text.length));
    this.#text = text;
    this.#isFinished = !isPartial;
    for (const block of ended) {
      this.#finish(block);
      this.#tail = element("div", { class: "block" });
      this.element.append(this.#tail);
    }
    if (isPartial) {
      this.#showTail(open);
    } else {
      this.#finish(open);
    }
  }

  /** Show the open block as it stays. Code that is there already is not made anew: one may have the pointer on a button of it. */
  #finish(text: string): void {
    const whole = rendered(text, this.#post);
    this.#stream(text);
    const [block] = whole.children;
    const isThere =
      this.#streaming !== undefined &&
      whole.childElementCount === 1 &&
      block?.querySelector("code")?.textContent === this.#streaming.code.data;
    if (!isThere) {
      become(this.#tail, whole);
    }
    this.#streaming = undefined;
    linkNotes(this.element);
    colourSoon(this.#tail);
  }

  #showTail(open: string): void {
    const [opening, , info = ""] = OPEN_FENCE.exec(open) ?? [];
    if (opening === undefined) {
      this.#streaming = undefined;
      become(this.#tail, rendered(open, this.#post));
      return;
    }
    if (this.#streaming?.opening !== opening) {
      const block = codeBlock(info, "", this.#post);
      this.#streaming = { opening, code: block.code };
      this.#tail.replaceChildren(block.element);
    }
    this.#stream(open);
  }

  /** Add to the code that streams. */
  #stream(open: string): void {
    const [opening, fence = ""] = OPEN_FENCE.exec(open) ?? [];
    if (opening === undefined || this.#streaming?.opening !== opening) {
      return;
    }
    const { code } = this.#streaming;
    retell(code, withoutClosing(open.slice(opening.length).replace(/\n+$/, "\n"), fence));
  }

  #reset(): void {
    this.#splitter = new BlockSplitter();
    this.#tail = element("div", { class: "block" });
    this.#streaming = undefined;
    this.#text = "";
    this.element.replaceChildren(this.#tail);
  }
}

/** The fence's end may be there, or half of it. */
function withoutClosing(body: string, fence: string): string {
  const at = body.lastIndexOf("\n") + 1;
  const last = body.slice(at).trim();
  return last !== "" && (fence.startsWith(last) || last.startsWith(fence)) ? body.slice(0, at) : body;
}
