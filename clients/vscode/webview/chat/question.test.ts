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
  proposal: undefined,
  decided: undefined,
  isGranted: false,
};
const shown = (): { row: ReturnType<typeof approvalRow>; button: HTMLButtonElement } => {
  posted.length = 0;
  const row = approvalRow(ITEM, { post: (message) => void posted.push(message), edit: () => undefined });
  document.body.replaceChildren(row.element);
  const button = row.element.querySelector<HTMLButtonElement>(".options button:not([hidden])");
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
  expect(row.element.querySelector<HTMLButtonElement>(".options button:not([hidden])")).toBe(button);
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

it.each([
  [{ decided: "Allow once", isGranted: true }, "check"],
  [{ decided: "Reject", isGranted: false }, "circle-slash"],
  [{ decided: "Closed without an answer", isGranted: false }, "circle-slash"],
  [{ decided: undefined, isGranted: false }, "shield"],
] as const)("a question shows by its sign how it was answered: %j", (answer, sign) => {
  const { row } = shown();
  row.update({ ...ITEM, ...answer });
  expect(row.element.querySelector(".approval-title .codicon")?.className).toContain(`codicon-${sign}`);
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

it("an edit can be looked at before and after it is decided, and says how far one is", () => {
  const proposal = { words: "Edit calc.py", added: 2, removed: 1, decided: 0, applied: 0, undone: 0, total: 2, changeIds: ["c"] };
  const run = { optionId: "run", label: "Apply all edits of this run", kind: "allow_run" } as const;
  const options = [...ITEM.options.slice(0, 1), run, ...ITEM.options.slice(1)];
  const edit: ApprovalItem = { ...ITEM, title: proposal.words, proposal, options };
  const { row } = shown();
  row.update(edit);
  const visible = (): string[] =>
    [...row.element.querySelectorAll<HTMLElement>("button, .progress")]
      .filter((each) => each.closest("[hidden]") === null)
      .map((each) => each.textContent ?? "");
  expect(row.element.getAttribute("aria-label")).toBe("Asks you: Edit calc.py (+2 −1)");
  expect(visible()).toEqual(["Review", "Allow once", "Reject", "Apply all edits of this run"]);
  row.element.querySelector<HTMLButtonElement>(".options button")?.click();
  row.update({ ...edit, proposal: { ...proposal, decided: 1, applied: 1 } });
  expect(visible()[0]).toBe("1 of 2 changes decided, 1 applied. An answer is for the others.");
  row.update({ ...edit, proposal: { ...proposal, decided: 2, applied: 1 }, decided: "1 of 2 changes applied" });
  expect(visible()).toEqual(["Show"]);
  row.element.querySelector<HTMLButtonElement>(".link")?.click();
  const asked = { kind: "proposal", runId: "r", changeIds: ["c"] };
  expect(posted).toEqual([asked, asked]);
});
