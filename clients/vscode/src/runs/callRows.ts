// The rows of a tool call: what it does in few words, and folded below it its arguments and its output. Pure.

import type { ToolCallEvent } from "../protocol";
import type { Row, Target } from "./row";
import { CALL_ICONS, firstLine } from "./words";

const COMMANDS: ReadonlySet<string> = new Set(["execute_command", "run_tests", "git_operation"]);

/** Say whether a call has an output that belongs into a terminal. */
export function isCommand(call: Pick<ToolCallEvent, "tool">): boolean {
  return COMMANDS.has(call.tool);
}

export function callRow(runId: string, call: ToolCallEvent): Row {
  const id = `${runId}/call/${call.callId}`;
  const target: Target = { kind: "call", runId, callId: call.callId };
  const given = Object.entries(call.arguments).map(
    ([name, value]): Row => ({
      id: `${id}/${name}`,
      label: name,
      description: firstLine(typeof value === "string" ? value : JSON.stringify(value), 120),
      tooltip: typeof value === "string" ? value : JSON.stringify(value, null, 2),
      icon: { name: "symbol-parameter" },
      target: { kind: "none" },
    }),
  );
  const output: readonly Row[] =
    call.output === undefined || call.output === null || call.output === ""
      ? []
      : [
          {
            id: `${id}/output`,
            label: "Output",
            // How a command ended stands in its last line.
            description: firstLine(isCommand(call) ? (call.output.trimEnd().split("\n").at(-1) ?? "") : call.output, 120),
            tooltip: firstLine(call.output, 400),
            icon: { name: isCommand(call) ? "terminal" : "output" },
            command: "coterie.run.showOutput",
            target,
          },
        ];
  return {
    id,
    label: callTitle(call),
    description: call.state === "succeeded" ? undefined : call.state,
    tooltip: `${call.tool}: ${call.state}`,
    icon: CALL_ICONS[call.state],
    context: isCommand(call) ? "call.command" : "call",
    children: [...given, ...output],
    target,
  };
}

const VERBS: Readonly<Record<string, string>> = {
  read_file: "Read",
  list_files: "List",
  search: "Search",
  symbols: "Symbols",
  edit_file: "Edit",
  write_file: "Write",
  move_file: "Move",
  delete_file: "Delete",
  diagnostics: "Diagnostics",
  fetch_url: "Fetch",
  ask_user: "Ask",
  git_operation: "Git",
  remember: "Remember",
};

/** Return what a call does, in few words. */
export function callTitle(call: Pick<ToolCallEvent, "tool" | "arguments">): string {
  const said = (name: string): string | undefined => {
    const value = call.arguments[name];
    return typeof value === "string" && value !== "" ? firstLine(value, 60) : undefined;
  };
  if (call.tool === "execute_command" || call.tool === "run_tests") {
    return `$ ${said("command") ?? "the project's tests"}`;
  }
  if (call.tool === "submit") {
    return "Hand on";
  }
  const about = said("path") ?? said("query") ?? said("url") ?? said("question") ?? said("operation") ?? said("pattern") ?? said("note");
  return [VERBS[call.tool] ?? call.tool, about].filter(Boolean).join(" ");
}
