// What a question would allow, in words: one sentence for each effect. Pure; the chat and the notifications say the same.

import type { Approval, ApprovalOption, Effect } from "../protocol";

export function effectWords(effect: Effect): string {
  const { kind, target } = effect;
  switch (kind) {
    case "read":
      return `Read ${target}`;
    case "write":
      return `Write ${target}`;
    case "exec":
      return `Run ${target}`;
    case "net":
      return `Reach ${target} over the network`;
    case "env":
      return `See the environment variable ${target}`;
    case "mcp":
      return `Call the tool ${target}`;
    case "spawn":
      return `Start the task ${target}`;
    case "gate":
      return `Go on with the ${target} as it stands`;
    default:
      return `${String(kind)} ${target}`;
  }
}

/** Return what a question is about, in words, and what else it would do. */
export function questionOf({ title, effects }: Pick<Approval, "title" | "effects">): {
  readonly headline: string;
  readonly effects: readonly string[];
} {
  const [first, ...others] = effects;
  // At a gate the title says it better: what there is to approve.
  if (first === undefined || first.kind === "gate") {
    return { headline: title, effects: [] };
  }
  return others.length === 0 ? { headline: effectWords(first), effects: [] } : { headline: title, effects: effects.map(effectWords) };
}

const REFUSALS: ReadonlySet<ApprovalOption["kind"]> = new Set(["reject_once", "reject_always", "reject"]);

export function isRefusal(option: ApprovalOption): boolean {
  return REFUSALS.has(option.kind);
}

/** Return what a button says: the option without its rule, which stands beside it. */
export function optionLabel(option: ApprovalOption): string {
  const suffix = `: ${option.rule ?? ""}`;
  return option.rule && option.label.endsWith(suffix) ? option.label.slice(0, -suffix.length) : option.label;
}

/** A rule that answers make, and which they are. */
export interface MadeRule {
  readonly answers: string;
  readonly does: string;
  readonly rule: string;
}

const DOES: Partial<Record<ApprovalOption["kind"], string>> = {
  allow_run: "allows",
  allow_session: "allows",
  allow_always: "adds to the allowed rules of your settings",
  reject_always: "adds to the denied rules of your settings",
};

/** Say what answers would add to a person's rules, each rule once. */
export function rulesOf(options: readonly ApprovalOption[]): readonly MadeRule[] {
  const made: MadeRule[] = [];
  for (const option of options) {
    const does = DOES[option.kind];
    if (does !== undefined && typeof option.rule === "string") {
      const { rule } = option;
      const same = made.findIndex((each) => each.rule === rule && each.does === does);
      const answers = optionLabel(option);
      const before = made[same];
      if (before === undefined) {
        made.push({ answers, does, rule });
      } else {
        made[same] = { ...before, answers: `${before.answers}, ${answers.charAt(0).toLowerCase()}${answers.slice(1)}` };
      }
    }
  }
  return made;
}
