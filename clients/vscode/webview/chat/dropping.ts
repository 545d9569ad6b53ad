// Files that are dragged onto the page. VS Code lets a page hear of them while Shift is held: without it the file opens in an editor.

import { DROPPED, readDropped } from "../../src/chat/dropped";
import type { Post } from "./markdown";

/** Take in what is dropped anywhere on the page; while something hangs above it, `data-dropping` marks the element. */
export function acceptDrops(root: HTMLElement, post: Post): void {
  const mark = (isAbove: boolean): void => void root.toggleAttribute("data-dropping", isAbove);
  root.addEventListener("dragover", (event) => {
    if (DROPPED.some((kind) => event.dataTransfer?.types.includes(kind))) {
      event.preventDefault();
      mark(true);
    }
  });
  root.addEventListener("dragleave", (event) => mark(event.relatedTarget instanceof Node && root.contains(event.relatedTarget)));
  root.addEventListener("drop", (event) => {
    mark(false);
    const list = DROPPED.map((kind) => event.dataTransfer?.getData(kind) ?? "").find((each) => each !== "");
    const uris = readDropped(list ?? "");
    if (uris.length > 0) {
      event.preventDefault();
      post({ kind: "drop", uris });
    }
  });
}
