// A plan as a person edits it: its items moved, renamed, added and taken away, everything else as the planner wrote it. The server says
// whether the outcome is a plan (`docs/agents.md` has its shape). Pure.

import type { Json } from "../protocol";

export type Plan = Readonly<Record<string, Json>>;

export interface PlanItem {
  readonly id: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly files: readonly string[];
  readonly dependsOn: readonly string[];
  readonly minutes: number | undefined;
}

/** Return the items of a plan in their order; what is none is left out. */
export function itemsOf(plan: Plan): readonly PlanItem[] {
  return stepsOf(plan).map((step) => ({
    id: text(step["id"]) ?? "",
    title: text(step["title"]) ?? "",
    detail: text(step["detail"]),
    files: texts(step["files"]),
    dependsOn: texts(step["depends_on"]),
    minutes: typeof step["estimate_minutes"] === "number" ? step["estimate_minutes"] : undefined,
  }));
}

export function goalOf(plan: Plan): string {
  return text(plan["goal"]) ?? "";
}

/** Return a list of texts of a plan: `criteria`, `files` or `risks`. */
export function listOf(plan: Plan, key: "criteria" | "files" | "risks"): readonly string[] {
  return texts(plan[key]);
}

/** Put an item before the one that has a place now; a place behind the last is the end. */
export function moved(plan: Plan, id: string, to: number): Plan {
  const steps = stepsOf(plan);
  const from = steps.findIndex((step) => step["id"] === id);
  const step = steps[from];
  if (step === undefined) {
    return plan;
  }
  const others = steps.filter((each) => each !== step);
  const place = Math.max(0, Math.min(to > from ? to - 1 : to, others.length));
  return { ...plan, steps: [...others.slice(0, place), step, ...others.slice(place)] };
}

export function renamed(plan: Plan, id: string, title: string): Plan {
  return { ...plan, steps: stepsOf(plan).map((step) => (step["id"] === id ? { ...step, title } : step)) };
}

/** Take an item away, and from what others wait for. */
export function removed(plan: Plan, id: string): Plan {
  const steps = stepsOf(plan)
    .filter((step) => step["id"] !== id)
    .map((step) =>
      texts(step["depends_on"]).includes(id) ? { ...step, depends_on: texts(step["depends_on"]).filter((each) => each !== id) } : step,
    );
  return { ...plan, steps };
}

/** Add an item behind another one, or at the end. */
export function added(plan: Plan, title: string, behind?: string): Plan {
  const steps = stepsOf(plan);
  const ids = new Set(steps.map((step) => step["id"]));
  let number = steps.length + 1;
  while (ids.has(`s${number}`)) {
    number += 1;
  }
  const step = { id: `s${number}`, title };
  const at = steps.findIndex((each) => each["id"] === behind);
  const place = at < 0 ? steps.length : at + 1;
  return { ...plan, steps: [...steps.slice(0, place), step, ...steps.slice(place)] };
}

export function asDocument(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** Return the plan of a document. Throws an `Error` with words for a person. */
export function fromDocument(document: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (error) {
    throw new Error(`The plan is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("The plan is not a JSON object.");
  }
  return value as Plan;
}

function stepsOf(plan: Plan): readonly { [key: string]: Json }[] {
  const steps = plan["steps"];
  return Array.isArray(steps) ? steps.filter(isRecord) : [];
}

function isRecord(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
