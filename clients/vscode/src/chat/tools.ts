// The line that stands for a tool call while it is folded: a verb and what it is about. Pure.

import type { Json } from "../protocol";

const VERBS: Readonly<Record<string, string>> = {
  read_file: "Read",
  list_files: "List",
  search: "Search",
  symbols: "Look up",
  edit_file: "Edit",
  write_file: "Write",
  move_file: "Move",
  delete_file: "Delete",
  execute_command: "Run",
  run_tests: "Run the tests",
  git_operation: "Git",
  ask_user: "Ask",
  remember: "Note",
};

/** What is shown beside the verb: the first of these arguments that a call has. */
const SHOWN = ["path", "command", "query", "pattern", "name", "question", "operation", "note", "source", "url"];

const LONGEST = 160;

export function toolTitle(tool: string, given: Readonly<Record<string, Json>>): string {
  const value = SHOWN.map((name) => given[name]).find((each): each is string => typeof each === "string" && each.trim() !== "");
  const line = (value ?? "").trim().split("\n", 1)[0] ?? "";
  const about = line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
  return `${VERBS[tool] ?? tool} ${about}`.trim();
}
