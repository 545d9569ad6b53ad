// @vitest-environment jsdom
import { expect, it } from "vitest";
import type { ApprovalItem } from "../../src/chat/items";
import type { FromView } from "../../src/messages/chat";
import { approvalRow } from "./question";

const posted: FromView[] = [];
const ITEM: ApprovalItem = {
  kind: "approval",
  id: "approval:p",
  runId: "r",
  approvalId: "p",
  title: "Run touch made",
  effects: [],
  options: [
    { optionId: "yes", label: "Allow once", kind: "allow_once" },
    { optionId: "no", label: "Reject", kind: "reject_once" },
  ],
  plan: undefined,
  decided: undefined,
};
const shown = (): { row: ReturnType<typeof approvalRow>; button: HTMLButtonElement } => {
  posted.length = 0;
  const row = approvalRow(ITEM, { post: (message) => void posted.push(message), edit: () => undefined });
  document.body.replaceChildren(row.element);
  const button = row.element.querySelector("button");
  if (button === null) {
    throw new Error("there is no button");
  }
  return { row, button };
};

it("a question is answered once, and again where the answer did not arrive", () => {
  const { row, button } = shown();
  button.click();
  button.click();
  expect(posted).toEqual([{ kind: "answer", approvalId: "p", optionId: "yes" }]);
  row.update({ ...ITEM, options: [...ITEM.options] });
  expect(row.element.querySelector("button")).toBe(button);
  button.click();
  expect(posted).toHaveLength(2);
});

it("a question that is answered by a key keeps the focus", () => {
  const { row, button } = shown();
  button.focus();
  button.click();
  expect(document.activeElement).toBe(button);
  row.update({ ...ITEM, decided: "Allow once" });
  expect(document.activeElement).toBe(row.element);
});

it("a plan can be read before it is approved, and so can a rule, with what else it would admit", () => {
  const rule = { optionId: "always", label: "Allow always: exec(touch *)", kind: "allow_always", rule: "exec(touch *)" } as const;
  const { row } = shown();
  row.update({ ...ITEM, options: [{ ...rule, admits: "It would also allow touch x." }] });
  expect(row.element.querySelector(".rules")?.textContent).toBe(
    "Allow always (kept in your settings): exec(touch *)It would also allow touch x.",
  );
  const { row: gate } = shown();
  gate.update({ ...ITEM, plan: { goal: "add adds", steps: ["Correct the sign (calc.py)"], risks: ["Somebody relies on it"] } });
  expect([...gate.element.querySelectorAll("li")].map((line) => line.textContent)).toEqual([
    "Correct the sign (calc.py)",
    "Somebody relies on it",
  ]);
});
