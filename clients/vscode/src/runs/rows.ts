// What the tree shows of a run, as plain rows: `tree.ts` gives them to VS Code, `package.json` hangs actions on their contexts. Pure.

import { changesIn, proposalOf, sizedWords } from "../approvals/proposal";
import { questionOf } from "../chat/effects";
import type { ApprovalEvent, RunLimits, RunSummary, StepEvent, ToolCallEvent } from "../protocol";
import { hasEnded, type Run } from "../state/run";
import { callRow } from "./callRows";
import type { Plan } from "./plan";
import { planRow } from "./planRows";
import type { Row } from "./row";
import { age, allowed, counted, firstLine, RUN_ICONS, RUN_WORDS, STEP_ICONS, used } from "./words";
import { changeRows, findingRows } from "./workRows";

/** Return the row of a run without what is below it. */
export function runRow(summary: RunSummary, run: Run | undefined, nowMs: number): Row {
  const state = run?.state ?? summary.state;
  const who = summary.workflow ?? summary.agent ?? "chat";
  const cost = used(run?.usage ?? summary.usage);
  const resumable = state === "interrupted" || state === "failed";
  return {
    id: summary.runId,
    label: firstLine(summary.prompt),
    description: [RUN_WORDS[state], who, age(summary.startedAt, nowMs)].join(" · "),
    tooltip: [summary.prompt, "", `${who}, ${RUN_WORDS[state]}${run?.text ? `: ${run.text}` : ""}`, cost].join("\n").trim(),
    icon: RUN_ICONS[state],
    context: `run.${hasEnded({ state }) ? (resumable ? "resumable" : "ended") : "live"}`,
    expanded: !hasEnded({ state }),
    target: { kind: "run", runId: summary.runId },
  };
}

/** Return what stands below a run. */
export function rowsOf(run: Run, draft: Plan | undefined, limits: RunLimits | null | undefined): readonly Row[] {
  const rows = [
    endRow(run),
    ...questionRows(run),
    planRow(run, draft),
    ...stepRows(run),
    findingRows(run),
    changeRows(run),
    artifactRows(run),
    usageRow(run, limits),
  ];
  return rows.filter((row) => row !== undefined);
}

function endRow(run: Run): Row | undefined {
  if (run.text === undefined || run.state === "running" || run.state === undefined) {
    return undefined;
  }
  return {
    id: `${run.runId}/end`,
    label: run.text,
    tooltip: run.text,
    icon: run.state === "failed" ? { name: "warning", color: "problemsWarningIcon.foreground" } : { name: "info" },
    target: { kind: "none" },
  };
}

function questionRows(run: Run): readonly Row[] {
  return Object.values(run.approvals)
    .filter((approval) => approval.state === "pending" && !approval.effects.some((effect) => effect.kind === "gate"))
    .map((approval) => ({
      id: `${run.runId}/question/${approval.approvalId}`,
      label: askedWords(approval, run),
      description: "waits for your answer",
      icon: RUN_ICONS.waiting,
      command: "coterie.run.openChat",
      target: { kind: "run", runId: run.runId },
    }));
}

function askedWords(approval: ApprovalEvent, run: Run): string {
  const proposal = proposalOf(approval, changesIn(approval, run.changes));
  return proposal === undefined ? questionOf(approval).headline : sizedWords(proposal);
}

const STEP_NAMES: Readonly<Record<string, string>> = {
  plan: "Planning",
  code: "Coding",
  review: "Review",
  test: "Tests",
  docs: "Documentation",
};

function stepRows(run: Run): readonly Row[] {
  const calls = Object.values(run.toolCalls);
  const before = calls.filter((call) => call.stepId === undefined || call.stepId === null);
  const steps = run.steps.map((step) =>
    stepRow(
      run,
      step,
      calls.filter((call) => call.stepId === step.stepId),
    ),
  );
  if (before.length === 0) {
    return steps;
  }
  const baseline: Row = {
    id: `${run.runId}/baseline`,
    label: "Tests before any change",
    icon: { name: "beaker" },
    children: before.map((call) => callRow(run.runId, call)),
    target: { kind: "none" },
  };
  const at = run.steps.findIndex((step) => step.stepId !== "plan");
  return at < 0 ? [...steps, baseline] : [...steps.slice(0, at), baseline, ...steps.slice(at)];
}

function stepRow(run: Run, step: StepEvent, calls: readonly ToolCallEvent[]): Row {
  const changed = Object.values(run.changes).some((change) =>
    change.hunks.some((hunk) => hunk.stepId === step.stepId && hunk.state === "applied"),
  );
  // Another row from its first call on: VS Code unfolds a row by itself when it is new only, and this one has nothing below it at first.
  const waits = calls.length === 0 ? ".waits" : "";
  return {
    id: `${run.runId}/step/${step.stepId}${waits}`,
    label: STEP_NAMES[step.stepId] ?? step.stepId,
    description: [step.agent, step.model, step.attempt > 1 ? `attempt ${step.attempt}` : undefined].filter(Boolean).join(" · "),
    tooltip: `${step.agent}: ${step.state}${step.model ? `, by ${step.model}` : ""}, attempt ${step.attempt}, ${counted(calls.length, "tool call")}`,
    icon: STEP_ICONS[step.state],
    context: changed && hasEnded(run) ? "step.changed" : "step",
    expanded: step.state === "running",
    children: calls.map((call) => callRow(run.runId, call)),
    target: { kind: "step", runId: run.runId, stepId: step.stepId },
  };
}

function artifactRows(run: Run): Row | undefined {
  if (run.artifacts.length === 0) {
    return undefined;
  }
  return {
    id: `${run.runId}/artifacts`,
    label: "Hand-Offs",
    description: String(run.artifacts.length),
    icon: { name: "package" },
    children: run.artifacts.map((artifact, index) => ({
      id: `${run.runId}/artifact/${index}`,
      label: artifact.type,
      description: STEP_NAMES[artifact.stepId] ?? artifact.stepId,
      icon: { name: "note" },
      command: "coterie.run.showArtifact",
      target: { kind: "artifact", runId: run.runId, index },
    })),
    target: { kind: "none" },
  };
}

function usageRow(run: Run, limits: RunLimits | null | undefined): Row | undefined {
  const cost = used(run.usage);
  if (cost === "") {
    return undefined;
  }
  const unknown = run.usage?.usd === null ? "price unknown" : undefined;
  const limit = limits === null || limits === undefined ? "" : allowed(limits);
  return {
    id: `${run.runId}/usage`,
    label: "Cost",
    description: [cost, unknown, limit === "" ? undefined : `of at most ${limit}`].filter(Boolean).join(" · "),
    tooltip: [cost, unknown, limit === "" ? "Without a limit" : `The run ends at ${limit}`].filter(Boolean).join("\n"),
    icon: { name: "credit-card" },
    target: { kind: "none" },
  };
}
