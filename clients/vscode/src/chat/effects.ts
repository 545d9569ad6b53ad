// What a question would allow, in words: one sentence for each effect. Pure; the chat and the notifications say the same.

import type { ApprovalOption, Effect } from "../protocol";

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

const REFUSALS: ReadonlySet<ApprovalOption["kind"]> = new Set(["reject_once", "reject_always", "reject"]);

export function isRefusal(option: ApprovalOption): boolean {
  return REFUSALS.has(option.kind);
}

/** Return what a button says: the option without its rule, which stands beside it. */
export function optionLabel(option: ApprovalOption): string {
  const suffix = `: ${option.rule ?? ""}`;
  return option.rule && option.label.endsWith(suffix) ? option.label.slice(0, -suffix.length) : option.label;
}

/** Say what an option would add to a person's rules, if it adds anything. */
export function ruleWords(option: ApprovalOption): string | undefined {
  if (option.rule === null || option.rule === undefined) {
    return undefined;
  }
  switch (option.kind) {
    case "allow_always":
      return `Adds ${option.rule} to the allowed rules of your settings`;
    case "reject_always":
      return `Adds ${option.rule} to the denied rules of your settings`;
    case "allow_session":
      return `Allows ${option.rule} in this session`;
    case "allow_run":
      return `Allows ${option.rule} in this run`;
    default:
      return undefined;
  }
}
