// The row of a question to the person: what would happen, the answers, and the rules that they make. Answered, it is one line.

import { isRefusal, type MadeRule, optionLabel, rulesOf } from "../../src/chat/effects";
import type { ApprovalItem } from "../../src/chat/items";
import type { PlanView } from "../../src/chat/question";
import { element, icon } from "../base/dom";
import { editParts, iconOf, ordered, sizeParts, wordsOf } from "./edit";
import { only, type Page, type Row } from "./row";

export function approvalRow(item: ApprovalItem, page: Page): Row {
  const title = element("div", { class: "approval-title" });
  const effects = element("ul", { class: "effects" });
  const options = element("div", { class: "options" });
  const rules = element("div", { class: "rules" });
  const decided = element("div", { class: "decided" });
  const plan = element("div", { class: "plan" });
  const edit = editParts(page);
  const row = element(
    "section",
    { class: "row approval", tabindex: -1 },
    title,
    effects,
    plan,
    edit.progress,
    options,
    rules,
    decided,
    edit.show,
  );
  let shown = "";
  const update = (next: ApprovalItem): void => {
    const isOpen = next.decided === undefined;
    row.dataset["state"] = isOpen ? "pending" : "resolved";
    row.setAttribute("aria-label", isOpen ? `Asks you: ${wordsOf(next)}` : `${wordsOf(next)}: ${next.decided}`);
    title.replaceChildren(
      icon(iconOf(next)),
      element("span", { class: "approval-words", title: isOpen ? "" : next.title }, next.title),
      ...sizeParts(next.proposal),
    );
    effects.replaceChildren(...next.effects.map((words) => element("li", {}, words)));
    effects.hidden = next.effects.length === 0;
    plan.hidden = next.plan === undefined || !isOpen;
    plan.replaceChildren(...(next.plan === undefined ? [] : planParts(next.plan)));
    edit.update(next);
    rules.hidden = !isOpen;
    rules.replaceChildren(...rulesOf(next.options).map(ruleLine));
    decided.hidden = isOpen;
    decided.textContent = next.decided ?? "";
    // Whoever has answered by a key is still here.
    if (!isOpen && options.contains(document.activeElement)) {
      row.focus();
    }
    options.hidden = !isOpen;
    if (JSON.stringify(next.options) !== shown) {
      shown = JSON.stringify(next.options);
      options.replaceChildren(edit.review, ...ordered(next).map((option, index) => optionButton(next, option, index, page)));
    }
    disable(options, false);
  };
  update(item);
  return { element: row, update: only("approval", update) };
}

function ruleLine({ answers, rule, admits }: MadeRule): HTMLElement {
  return element(
    "div",
    {},
    `${answers}: `,
    element("code", { class: "rule" }, rule),
    admits && element("div", { class: "admits" }, admits),
  );
}

function planParts({ goal, steps, risks }: PlanView): readonly HTMLElement[] {
  const list = (tag: "ol" | "ul", label: string, lines: readonly string[]): HTMLElement =>
    element(tag, { aria: { label } }, ...lines.map((line) => element("li", {}, line)));
  const dangers = risks.length === 0 ? [] : [element("div", { class: "plan-heading" }, "Risks"), list("ul", "Risks", risks)];
  return [element("div", { class: "plan-goal" }, goal), list("ol", "Steps", steps), ...dangers];
}

/** While an answer is on its way none else can be given. The buttons keep the focus: one that is really disabled would lose it. */
function disable(options: HTMLElement, isDisabled: boolean): void {
  for (const button of options.children) {
    button.setAttribute("aria-disabled", String(isDisabled));
  }
}

function optionButton(item: ApprovalItem, option: ApprovalItem["options"][number], index: number, page: Page): HTMLElement {
  const isFirst = index === 0 && item.proposal === undefined && !isRefusal(option);
  const button = element(
    "button",
    { class: isFirst ? "button" : "button secondary", type: "button", title: option.label },
    optionLabel(option),
  );
  button.addEventListener("click", () => {
    if (option.kind === "edit") {
      page.post({ kind: "plan", runId: item.runId });
    } else if (button.ariaDisabled !== "true" && button.parentElement !== null) {
      disable(button.parentElement, true);
      page.post({ kind: "answer", approvalId: item.approvalId, optionId: option.optionId });
    }
  });
  return button;
}
