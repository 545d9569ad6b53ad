// A question as it stands in a chat: what would happen, the answers, the plan or the edit that it is about, and what became of it. Pure.

import { changesIn, outcomeWords, type Proposal, proposalOf } from "../approvals/proposal";
import type { ApprovalEvent, ApprovalOption, ChangeEvent } from "../protocol";
import { goalOf, itemsOf, listOf, type Plan } from "../runs/plan";
import { isPlanGate } from "../runs/planRows";
import { moveIn } from "../state/moves";
import type { Run } from "../state/run";
import { isRefusal, questionOf } from "./effects";

export interface Question {
  readonly title: string;
  readonly effects: readonly string[];
  readonly options: readonly ApprovalOption[];
  /** What it is about, where that is a plan. */
  readonly plan: PlanView | undefined;
  /** What it is about, where that is an edit. */
  readonly proposal: ProposalView | undefined;
  /** What was decided; undefined while the question is open. */
  readonly decided: string | undefined;
  /** Whether that was a yes, of an edit to a part of it at least. */
  readonly isGranted: boolean;
}

/** A plan as one reads it before one approves it. */
export interface PlanView {
  readonly goal: string;
  readonly steps: readonly string[];
  readonly risks: readonly string[];
}

/** An edit, with the changes that it is made of. */
export interface ProposalView extends Proposal {
  readonly changeIds: readonly string[];
}

type Changing = Pick<Run, "plan" | "changes">;

// What a question is about can change while it is open, and an edit after it as well.
const questions = new WeakMap<ApprovalEvent, { readonly about: readonly unknown[]; readonly question: Question }>();

/** Return a question as it is now; the same as before where nothing is different. */
export function questionAbout(approval: ApprovalEvent, { plan, changes: all }: Changing): Question {
  const { options, changeIds = [] } = approval;
  const changes = changesIn(approval, all);
  const about = [plan, ...changes];
  const made = questions.get(approval);
  if (made?.about.length === about.length && about.every((each, index) => made.about[index] === each)) {
    return made.question;
  }
  const proposal = proposalOf(approval, changes);
  const { headline: title, effects } =
    proposal === undefined ? questionOf(approval) : { headline: proposal.words, effects: filesOf(changes) };
  const question = {
    title,
    effects,
    options,
    plan: plan !== undefined && isPlanGate(approval) ? planView(plan) : undefined,
    proposal: proposal && { ...proposal, changeIds },
    decided: decisionWords(approval, proposal),
    isGranted: proposal === undefined ? isGranted(approval) : proposal.applied > 0,
  };
  questions.set(approval, { about, question });
  return question;
}

const asked = new WeakMap<Run["approvals"], ReadonlySet<string>>();

/** Return the changes that questions of a run are about. */
export function askedAbout({ approvals }: Pick<Run, "approvals">): ReadonlySet<string> {
  let ids = asked.get(approvals);
  if (ids === undefined) {
    ids = new Set(Object.values(approvals).flatMap(({ changeIds = [] }) => changeIds));
    asked.set(approvals, ids);
  }
  return ids;
}

/** Return the files of an edit, where its words do not name them. */
function filesOf(changes: readonly ChangeEvent[]): readonly string[] {
  return changes.length === 1 || moveIn(changes) !== undefined ? [] : changes.map(({ path }) => path);
}

function planView(plan: Plan): PlanView {
  const steps = itemsOf(plan).map(({ title, files }) => (files.length === 0 ? title : `${title} (${files.join(", ")})`));
  return { goal: goalOf(plan), steps, risks: listOf(plan, "risks") };
}

function chosenIn({ options, decision }: Pick<ApprovalEvent, "decision" | "options">): ApprovalOption | undefined {
  return options.find((option) => option.optionId === decision?.optionId);
}

function isGranted(approval: Pick<ApprovalEvent, "decision" | "options">): boolean {
  const chosen = chosenIn(approval);
  return chosen !== undefined && !isRefusal(chosen);
}

const ONCE: ReadonlySet<ApprovalOption["kind"]> = new Set(["allow_once", "reject_once"]);

/** Say how a question was answered, of an edit what became of it; undefined while it is open. */
function decisionWords(
  approval: Pick<ApprovalEvent, "state" | "decision" | "options">,
  proposal: Proposal | undefined,
): string | undefined {
  if (approval.state === "pending") {
    return undefined;
  }
  const chosen = chosenIn(approval);
  const outcome = proposal && outcomeWords(proposal);
  if (outcome === undefined) {
    return chosen?.label ?? "Closed without an answer";
  }
  return chosen === undefined || ONCE.has(chosen.kind) ? outcome : `${outcome}: ${chosen.label}`;
}
