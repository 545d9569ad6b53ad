// The rows of a plan: what it says, what is done of it, and, while it waits for approval, what a person has made of it so far. Pure.

import type { ApprovalEvent } from "../protocol";
import { hasEnded, type Run } from "../state/run";
import { goalOf, itemsOf, listOf, type Plan, type PlanItem } from "./plan";
import type { Row } from "./row";
import { firstLine, type Icon } from "./words";

/** Return the question whether the plan is approved, while it is open. */
function planGate(run: Run): ApprovalEvent | undefined {
  return Object.values(run.approvals).find((approval) => approval.state === "pending" && isPlanGate(approval));
}

/** Say whether a question is whether a plan is approved: another one has no option to change what it is about. */
export function isPlanGate({ options }: Pick<ApprovalEvent, "options">): boolean {
  return options.some((option) => option.kind === "edit");
}

export function planRow(run: Run, draft: Plan | undefined): Row | undefined {
  if (run.plan === undefined) {
    return undefined;
  }
  const gate = planGate(run);
  const edited = gate === undefined ? undefined : draft;
  const plan = edited ?? run.plan;
  const items = itemsOf(plan);
  const done = doneOf(run);
  const finished = items.filter((item) => done.has(item.id)).length;
  const state =
    gate === undefined ? `${finished} of ${items.length} done` : edited === undefined ? "approve it or change it" : "changed by you";
  const pending = gate === undefined ? "" : ".pending";
  return {
    // Another row while it waits for a person: VS Code unfolds a row by itself when it is new only, and this one is to be seen.
    id: `${run.runId}/plan${pending}`,
    label: firstLine(goalOf(plan)) || "Plan",
    description: state,
    tooltip: [goalOf(plan), ...section("Done when", listOf(plan, "criteria")), ...section("Risks", listOf(plan, "risks"))].join("\n"),
    icon: gate === undefined ? { name: "checklist" } : { name: "checklist", color: "notificationsWarningIcon.foreground" },
    context: `plan${pending}`,
    expanded: gate !== undefined || !hasEnded(run),
    children: items.map((item, index) => itemRow(run, item, index, done, gate)),
    target: { kind: "plan", runId: run.runId, waits: gate !== undefined },
  };
}

function itemRow(run: Run, item: PlanItem, index: number, done: ReadonlySet<string>, gate: ApprovalEvent | undefined): Row {
  const finished = done.has(item.id);
  const waits = item.dependsOn.filter((each) => !done.has(each));
  const facts = [
    item.minutes === undefined ? undefined : `${item.minutes} min`,
    item.files.length === 0 ? undefined : item.files.join(", "),
    finished || waits.length === 0 ? undefined : `after ${waits.join(", ")}`,
  ];
  return {
    id: `${run.runId}/item/${item.id}`,
    label: `${index + 1}. ${item.title}`,
    description: facts.filter((fact) => fact !== undefined).join(" · "),
    tooltip: [item.title, item.detail, ...item.files].filter(Boolean).join("\n\n"),
    icon: itemIcon(run, finished, waits),
    context: gate === undefined ? "item" : "item.pending",
    target: { kind: "item", runId: run.runId, waits: gate !== undefined, itemId: item.id },
  };
}

function itemIcon(run: Run, finished: boolean, waits: readonly string[]): Icon {
  if (finished) {
    return { name: "pass-filled", color: "testing.iconPassed" };
  }
  const coding = run.steps.some((step) => step.stepId === "code" && step.state === "running");
  return coding && waits.length === 0
    ? { name: "circle-large-outline", color: "progressBar.background" }
    : { name: "circle-large-outline" };
}

/** Return the items that an agent has handed on as done. */
function doneOf(run: Run): ReadonlySet<string> {
  const said = run.artifacts.flatMap((artifact) => artifact.value["steps_done"] ?? []);
  return new Set(said.filter((each) => typeof each === "string"));
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `• ${line}`)];
}
