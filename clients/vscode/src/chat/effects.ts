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
  return others.length === 0
    ? { headline: effectWords(first) + placeWords(title, first), effects: [] }
    : { headline: title, effects: effects.map(effectWords) };
}

/** Return what the title alone says of where an effect is: a rule's path is the same in each of several folders, and so is a command. */
function placeWords(title: string, { kind, target }: Effect): string {
  const [, about = ""] = /^\S+ (.*)$/s.exec(title) ?? [];
  if (kind === "exec") {
    const place = /^execute_command in (.+?): /s.exec(title)?.[1];
    return place === undefined ? "" : ` in ${place}`;
  }
  const isWhole = about.startsWith("/") || /^[A-Za-z]:[\\/]/.test(about);
  return isWhole && about !== target && about.endsWith(`/${target}`) ? ` in ${about.slice(0, -target.length - 1)}` : "";
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
  /** What the answers are called, and where the rule is kept. */
  readonly answers: string;
  readonly rule: string;
  /** What else a rule that is kept would speak of, in a sentence. */
  readonly admits?: string;
}

/** The answers that make a rule, and where it is kept. */
const KEPT: Partial<Record<ApprovalOption["kind"], string>> = {
  allow_run: "",
  allow_session: "",
  allow_always: " (kept in your settings)",
  reject_always: " (kept in your settings)",
};

/** Say what answers would add to a person's rules, each rule once. */
export function rulesOf(options: readonly ApprovalOption[]): readonly MadeRule[] {
  const made = new Map<string, MadeRule>();
  for (const option of options) {
    const kept = KEPT[option.kind];
    if (kept !== undefined && typeof option.rule === "string") {
      const label = optionLabel(option);
      const before = made.get(option.rule);
      const answers = before === undefined ? label : `${before.answers}, ${label.charAt(0).toLowerCase()}${label.slice(1)}`;
      const admits = option.admits ?? before?.admits;
      made.set(option.rule, { answers: `${answers}${kept}`, rule: option.rule, ...(admits === undefined ? {} : { admits }) });
    }
  }
  return [...made.values()];
}
