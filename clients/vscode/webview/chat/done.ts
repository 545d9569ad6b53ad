// The rows of what is done: tool calls, steps, changes of files, and notes about the run.

import type { ChangeItem, NoteItem, StepItem, ToolItem } from "../../src/chat/items";
import { DOUBTFUL } from "../../src/state/doubt";
import { element, icon } from "../base/dom";
import { only, type Page, type Row, titled } from "./row";

const TOOL_STATES: Readonly<Record<ToolItem["state"], readonly [string, string]>> = {
  pending: ["circle-outline", "waits"],
  running: ["loading", "is running"],
  succeeded: ["check", "done"],
  failed: ["error", "failed"],
  denied: ["circle-slash", "not allowed"],
};

export function toolRow(item: ToolItem): Row {
  const symbol = icon("circle-outline");
  const title = element("span", { class: "tool-title" });
  const said = element("span", { class: "tool-state" });
  const input = element("pre", { tabindex: 0, aria: { label: "Arguments" } });
  const output = element("pre", { tabindex: 0, aria: { label: "Output" } });
  const details = element(
    "details",
    { class: "row fold tool" },
    element("summary", {}, element("span", { class: "state" }, symbol), title, said),
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
    // A press on it that has begun is not to lose it.
    symbol.className = `codicon codicon-${name === "loading" ? "loading codicon-modifier-spin" : name}`;
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

export function stepRow(item: StepItem): Row {
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

export function changeRow(item: ChangeItem, page: Page): Row {
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
    state.textContent = next.doubt === undefined ? CHANGE_STATES[next.state] : DOUBTFUL;
    const review = `Review what was changed in ${next.path}`;
    button.title = next.doubt === undefined ? review : `${next.doubt}\n${review}`;
    const size = `${next.path}: ${next.added} lines added, ${next.removed} removed`;
    button.setAttribute("aria-label", `${[size, state.textContent].filter(Boolean).join(", ")}. Review.`);
  };
  update(item);
  return { element: button, update: only("change", update) };
}

const TONES: Readonly<Record<NoteItem["tone"], string>> = { info: "info", warning: "warning", error: "error" };
const HELPS: Readonly<Record<NoteItem["helps"][number], string>> = {
  resume: "Go On",
  configure: "Open the Settings",
  context: "Inspect the Context",
};

/** Names stand in the server's sentences between backticks. */
function words(text: string): readonly (Node | string)[] {
  return text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}

export function noteRow(item: NoteItem, page: Page): Row {
  const row = element("div", { class: "row note" });
  const update = (next: NoteItem): void => {
    row.dataset["tone"] = next.tone;
    const buttons = next.helps.flatMap((help) => {
      const button = element("button", { class: "link", type: "button" }, HELPS[help]);
      button.addEventListener("click", () => page.post({ kind: "help", help, runId: next.runId }));
      return [" ", button];
    });
    const detail =
      next.detail === undefined
        ? undefined
        : element("details", { class: "fold" }, element("summary", {}, "Summary"), element("div", { class: "said" }, next.detail));
    row.replaceChildren(
      icon(TONES[next.tone]),
      element("div", { class: "note-text" }, element("span", {}, ...words(next.text)), ...buttons, detail),
    );
  };
  update(item);
  return { element: row, update: only("note", update) };
}
