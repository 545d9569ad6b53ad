// How each kind of item of a chat looks. A row is made once and updated: what a person has unfolded, focused or selected stays so.

import { isRefusal, optionLabel, rulesOf } from "../../src/chat/effects";
import type { AnswerItem, ApprovalItem, ChangeItem, Item, NoteItem, StepItem, ToolItem, UserItem } from "../../src/chat/items";
import { element, icon } from "../base/dom";
import { confirmCopy, type Post } from "./markdown";
import { Prose } from "./prose";

export interface Row {
  readonly element: HTMLElement;
  update(item: Item): void;
}

/** What a row can ask of the page. */
export interface Page {
  readonly post: Post;
  edit(item: UserItem): void;
}

export function rowOf(item: Item, page: Page): Row {
  switch (item.kind) {
    case "user":
      return userRow(item, page);
    case "answer":
      return answerRow(item, page);
    case "tool":
      return toolRow(item);
    case "step":
      return stepRow(item);
    case "change":
      return changeRow(item, page);
    case "approval":
      return approvalRow(item, page);
    case "note":
      return noteRow(item, page);
  }
}

/** Make the `update` of a row that can only become an item of its own kind. */
function only<K extends Item["kind"]>(kind: K, update: (item: Extract<Item, { kind: K }>) => void): (item: Item) => void {
  return (item) => {
    if (item.kind === kind) {
      update(item as Extract<Item, { kind: K }>);
    }
  };
}

function action(symbol: string, label: string, click: (button: HTMLElement) => void): HTMLButtonElement {
  const button = element("button", { class: "icon-button", type: "button", title: label, aria: { label } }, icon(symbol));
  button.addEventListener("click", () => click(button));
  return button;
}

function userRow(item: UserItem, page: Page): Row {
  const text = element("div", { class: "said" });
  const attached = element("div", { class: "attached" });
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
    attached.replaceChildren(...next.attached.map((name) => element("span", { class: "chip" }, icon("file"), name)));
  };
  update(item);
  return { element: row, update: only("user", update) };
}

function answerRow(item: AnswerItem, page: Page): Row {
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

const TOOL_STATES: Readonly<Record<ToolItem["state"], readonly [string, string]>> = {
  pending: ["circle-outline", "waits"],
  running: ["loading", "is running"],
  succeeded: ["check", "done"],
  failed: ["error", "failed"],
  denied: ["circle-slash", "not allowed"],
};

function toolRow(item: ToolItem): Row {
  const symbol = element("span", { class: "state" });
  const title = element("span", { class: "tool-title" });
  const said = element("span", { class: "tool-state" });
  const input = element("pre", { tabindex: 0, aria: { label: "Arguments" } });
  const output = element("pre", { tabindex: 0, aria: { label: "Output" } });
  const details = element(
    "details",
    { class: "row fold tool" },
    element("summary", {}, symbol, title, said),
    element("div", { class: "fold-label" }, "Arguments"),
    input,
    element("div", { class: "fold-label" }, "Output"),
    output,
  );
  let now = item;
  const update = (next: ToolItem): void => {
    now = next;
    const [name, words] = TOOL_STATES[next.state];
    details.dataset["state"] = next.state;
    symbol.replaceChildren(icon(name === "loading" ? "loading codicon-modifier-spin" : name));
    title.textContent = next.title;
    title.title = next.title;
    said.textContent = next.state === "failed" || next.state === "denied" ? words : "";
    details.querySelector("summary")?.setAttribute("aria-label", `${next.title}: ${words}`);
    if (details.open) {
      input.textContent = next.input;
      output.textContent = next.output ?? (next.state === "running" ? "…" : "No output.");
    }
  };
  details.addEventListener("toggle", () => update(now));
  update(item);
  return { element: details, update: only("tool", update) };
}

const STEP_STATES: Readonly<Record<StepItem["state"], readonly [string, string]>> = {
  running: ["loading codicon-modifier-spin", "is running"],
  succeeded: ["pass", "done"],
  failed: ["error", "failed"],
  skipped: ["circle-slash", "skipped"],
};

function stepRow(item: StepItem): Row {
  const symbol = element("span", { class: "state" });
  const title = element("span", { class: "step-title" });
  const model = element("span", { class: "model" });
  const heading = element("h2", { class: "row step" }, symbol, title, model);
  const update = (next: StepItem): void => {
    const [name, words] = STEP_STATES[next.state];
    heading.dataset["state"] = next.state;
    symbol.replaceChildren(icon(name));
    title.textContent = `${titled(next.title)}${next.attempt > 1 ? `, round ${next.attempt}` : ""}`;
    model.textContent = [next.agent === next.title ? "" : next.agent, next.model ?? ""].filter((each) => each !== "").join(" · ");
    heading.setAttribute("aria-label", `Step ${title.textContent}: ${words}`);
  };
  update(item);
  return { element: heading, update: only("step", update) };
}

const CHANGE_STATES: Readonly<Record<ChangeItem["state"], string>> = {
  proposed: "proposed",
  applied: "",
  rejected: "rejected",
  undone: "undone",
};

function changeRow(item: ChangeItem, page: Page): Row {
  let now = item;
  const path = element("span", { class: "path" });
  const added = element("span", { class: "added" });
  const removed = element("span", { class: "removed" });
  const state = element("span", { class: "tool-state" });
  const button = element("button", { class: "row change", type: "button" }, icon("diff"), path, added, removed, state);
  button.addEventListener("click", () => page.post({ kind: "change", runId: now.runId, uri: now.uri }));
  const update = (next: ChangeItem): void => {
    now = next;
    button.dataset["state"] = next.state;
    path.textContent = next.path;
    added.textContent = `+${next.added}`;
    removed.textContent = `−${next.removed}`;
    state.textContent = CHANGE_STATES[next.state];
    button.title = `Review what was changed in ${next.path}`;
    button.setAttribute(
      "aria-label",
      `${next.path}: ${next.added} lines added, ${next.removed} removed ${CHANGE_STATES[next.state]}. Review.`,
    );
  };
  update(item);
  return { element: button, update: only("change", update) };
}

function approvalRow(item: ApprovalItem, page: Page): Row {
  const title = element("div", { class: "approval-title" });
  const effects = element("ul", { class: "effects" });
  const options = element("div", { class: "options" });
  const rules = element("div", { class: "rules" });
  const decided = element("div", { class: "decided" });
  const row = element("section", { class: "row approval", tabindex: -1 }, title, effects, options, rules, decided);
  const update = (next: ApprovalItem): void => {
    row.dataset["state"] = next.decided === undefined ? "pending" : "resolved";
    row.setAttribute("aria-label", next.decided === undefined ? `Asks you: ${next.title}` : `${next.title}: ${next.decided}`);
    title.replaceChildren(icon(next.decided === undefined ? "shield" : "check"), element("span", {}, next.title));
    effects.replaceChildren(...next.effects.filter((words) => words !== next.title).map((words) => element("li", {}, words)));
    effects.hidden = effects.childElementCount === 0;
    options.hidden = next.decided !== undefined;
    rules.hidden = next.decided !== undefined;
    rules.replaceChildren(
      ...rulesOf(next.options).map(({ answers, does, rule }) =>
        element("div", {}, `${answers}: ${does} `, element("code", { class: "rule" }, rule)),
      ),
    );
    decided.hidden = next.decided === undefined;
    decided.textContent = next.decided ?? "";
    options.replaceChildren(
      ...(next.decided === undefined ? next.options.map((option, index) => optionButton(next, option, index, page)) : []),
    );
  };
  update(item);
  return { element: row, update: only("approval", update) };
}

function optionButton(item: ApprovalItem, option: ApprovalItem["options"][number], index: number, page: Page): HTMLElement {
  const isFirst = index === 0 && !isRefusal(option);
  const button = element(
    "button",
    { class: isFirst ? "button" : "button secondary", type: "button", title: option.label },
    optionLabel(option),
  );
  button.addEventListener("click", () => {
    for (const each of button.closest(".options")?.querySelectorAll("button") ?? []) {
      each.disabled = true;
    }
    page.post(
      option.kind === "edit"
        ? { kind: "plan", runId: item.runId }
        : { kind: "answer", approvalId: item.approvalId, optionId: option.optionId },
    );
  });
  return button;
}

const TONES: Readonly<Record<NoteItem["tone"], string>> = { info: "info", warning: "warning", error: "error" };
const HELPS: Readonly<Record<NonNullable<NoteItem["help"]>, string>> = {
  resume: "Go On",
  configure: "Open the Settings",
  context: "Inspect the Context",
};

function noteRow(item: NoteItem, page: Page): Row {
  const row = element("div", { class: "row note" });
  const update = (next: NoteItem): void => {
    row.dataset["tone"] = next.tone;
    const { help } = next;
    const button = help === undefined ? undefined : element("button", { class: "link", type: "button" }, HELPS[help]);
    if (help !== undefined) {
      button?.addEventListener("click", () => page.post({ kind: "help", help, runId: next.runId }));
    }
    const detail =
      next.detail === undefined
        ? undefined
        : element("details", { class: "fold" }, element("summary", {}, "Summary"), element("div", { class: "said" }, next.detail));
    row.replaceChildren(
      icon(TONES[next.tone]),
      element("div", { class: "note-text" }, element("span", {}, next.text), " ", button, detail),
    );
  };
  update(item);
  return { element: row, update: only("note", update) };
}

function titled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, " ");
}
