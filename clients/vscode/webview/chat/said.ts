// The rows of what was said: by the person, and by who answers.

import type { AttachedItem } from "../../src/chat/attached";
import type { AnswerItem, UserItem } from "../../src/chat/items";
import { element, icon } from "../base/dom";
import { confirmCopy } from "./markdown";
import { Prose } from "./prose";
import { action, only, type Page, type Row, titled } from "./row";

export function userRow(item: UserItem, page: Page): Row {
  const text = element("div", { class: "said" });
  const attached = element("div", { class: "attached", role: "list", aria: { label: "Attached" } });
  let now = item;
  const actions = element(
    "div",
    { class: "actions" },
    action("copy", "Copy", (button) => {
      page.post({ kind: "copy", text: now.text });
      confirmCopy(button);
    }),
    action("edit", "Edit and Send Again", () => page.edit(now)),
    action("repo-forked", "Go On from Here in a New Chat", () => page.post({ kind: "fork", messageId: now.messageId })),
  );
  const row = element("article", { class: "row user", tabindex: -1, aria: { label: "You" } }, attached, text, actions);
  const update = (next: UserItem): void => {
    now = next;
    text.textContent = next.text;
    attached.hidden = next.attached.length === 0;
    attached.replaceChildren(...next.attached.map(attachedChip));
  };
  update(item);
  return { element: row, update: only("user", update) };
}

/** What went along, and for a file the way to it. */
function attachedChip({ label, part, path }: AttachedItem): HTMLElement {
  const shown = [icon(path === undefined ? "note" : "file"), element("span", {}, label), part && element("span", { class: "part" }, part)];
  return path === undefined
    ? element("span", { class: "chip", role: "listitem", title: label }, ...shown)
    : element(
        "span",
        { role: "listitem" },
        element("a", { class: "chip", role: "link", tabindex: 0, title: path, data: { target: path } }, ...shown),
      );
}

export function answerRow(item: AnswerItem, page: Page): Row {
  const prose = new Prose(page.post);
  const thought = new Prose(page.post);
  const summary = element("summary", {}, "Thought");
  const thinking = element("details", { class: "fold thought" }, summary, thought.element);
  const name = element("span", { class: "name" });
  const model = element("span", { class: "model" });
  let now = item;
  const actions = element(
    "div",
    { class: "actions" },
    action("copy", "Copy the Answer", (button) => {
      page.post({ kind: "copy", text: now.text });
      confirmCopy(button);
    }),
    action("refresh", "Answer Again", () => page.post({ kind: "retry", messageId: now.messageId })),
    action("repo-forked", "Go On from Here in a New Chat", () => page.post({ kind: "fork", messageId: now.messageId })),
  );
  const row = element(
    "article",
    { class: "row answer", tabindex: -1 },
    element("header", {}, icon("sparkle"), name, model),
    thinking,
    prose.element,
    actions,
  );
  const update = (next: AnswerItem): void => {
    now = next;
    const who = next.agent === undefined || next.agent === "chat" ? "Coterie" : titled(next.agent);
    row.setAttribute("aria-label", `${who} answers`);
    row.toggleAttribute("data-partial", next.partial);
    name.textContent = who;
    model.textContent = next.model ?? "";
    thinking.hidden = next.thought.trim() === "";
    summary.textContent = next.partial && next.text === "" ? "Thinking…" : "Thought";
    // What is folded is rendered when somebody looks.
    if (thinking.open) {
      thought.show(next.thought, next.partial);
    }
    prose.show(next.text, next.partial);
    actions.hidden = next.partial;
  };
  thinking.addEventListener("toggle", () => update(now));
  update(item);
  return { element: row, update: only("answer", update) };
}
