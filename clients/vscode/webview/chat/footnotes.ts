// Footnotes in Markdown, as GitHub writes them: `[^1]` in a text, and `[^1]: what it says` in a paragraph of its own, which stays where it is. An
// answer is rendered block by block, so a mark stays as it was written (`[^0-9]` may be an expression) until a note with its label is shown.

import type MarkdownIt from "markdown-it";
import type { StateBlock, StateInline } from "markdown-it";
import { element } from "../base/dom";

const LABEL = String.raw`\[\^([^\s\]^]+)\]`;
const MARK = new RegExp(LABEL, "y");
const NOTE = new RegExp(`^ {0,3}${LABEL}:[ \\t]*`);
const CODE_INDENT = 4;

export function footnotes(markdown: MarkdownIt): void {
  markdown.inline.ruler.before("link", "footnote_mark", takeMark);
  markdown.block.ruler.before("reference", "footnote", takeNote, { alt: ["paragraph", "reference"] });
}

function takeMark(state: StateInline, silent: boolean): boolean {
  MARK.lastIndex = state.pos;
  const [mark, label] = MARK.exec(state.src) ?? [];
  if (mark === undefined || label === undefined) {
    return false;
  }
  if (!silent) {
    state.push("footnote_mark_open", "span", 1).attrs = [["data-mark", label]];
    state.push("text", "", 0).content = mark;
    state.push("footnote_mark_close", "span", -1);
  }
  state.pos += mark.length;
  return true;
}

/** Take a note with the lines below it, as far as a paragraph goes. */
function takeNote(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  const lineAt = (line: number): string => state.getLines(line, line + 1, state.blkIndent, false);
  const [opening, label] = NOTE.exec(lineAt(start)) ?? [];
  const indent = (state.sCount[start] ?? 0) - state.blkIndent;
  if (opening === undefined || label === undefined || indent >= CODE_INDENT) {
    return false;
  }
  if (silent) {
    return true;
  }
  const lines = [lineAt(start).slice(opening.length)];
  let line = start + 1;
  for (; line < end && !state.isEmpty(line) && !NOTE.test(lineAt(line)); line += 1) {
    lines.push(lineAt(line).trim());
  }
  state.line = line;
  state.push("paragraph_open", "p", 1).attrs = [["data-note", label]];
  const text = state.push("inline", "", 0);
  text.content = lines.join("\n").trim();
  text.children = [];
  state.push("paragraph_close", "p", -1);
  return true;
}

/** Make links of the marks whose notes are there, and have each note begin with its label. */
export function linkNotes(prose: HTMLElement): void {
  const notes = new Set<string>();
  for (const note of prose.querySelectorAll<HTMLElement>("[data-note]")) {
    const label = note.dataset["note"] ?? "";
    notes.add(label);
    if (note.firstElementChild?.className !== "note-label") {
      note.tabIndex = -1;
      note.prepend(element("span", { class: "note-label" }, `${label}. `));
    }
  }
  for (const mark of prose.querySelectorAll<HTMLElement>("span[data-mark]")) {
    const label = mark.dataset["mark"] ?? "";
    if (notes.has(label)) {
      const link = element("a", { role: "link", tabindex: 0, aria: { label: `Footnote ${label}` }, data: { mark: label } }, label);
      mark.replaceWith(element("sup", {}, link));
    }
  }
}

/** Go to the note of a mark. */
export function goToNote(mark: HTMLElement): void {
  const notes = mark.closest(".prose")?.querySelectorAll<HTMLElement>("[data-note]") ?? [];
  const note = [...notes].find((each) => each.dataset["note"] === mark.dataset["mark"]);
  note?.scrollIntoView({ block: "nearest" });
  note?.focus();
}
