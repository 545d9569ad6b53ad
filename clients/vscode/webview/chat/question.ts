// The row of a question to the person: what would happen, the answers, and the rules that they make. Answered, it is one line.

import { isRefusal, optionLabel, rulesOf } from "../../src/chat/effects";
import type { ApprovalItem } from "../../src/chat/items";
import { element, icon } from "../base/dom";
import { only, type Page, type Row } from "./row";

export function approvalRow(item: ApprovalItem, page: Page): Row {
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
    effects.replaceChildren(...next.effects.map((words) => element("li", {}, words)));
    effects.hidden = effects.childElementCount === 0;
    options.hidden = next.decided !== undefined;
    rules.hidden = next.decided !== undefined;
    rules.replaceChildren(
      ...rulesOf(next.options).map(({ answers, rule }) => element("div", {}, `${answers}: `, element("code", { class: "rule" }, rule))),
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
