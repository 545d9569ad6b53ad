// What a terminal shows of a run's commands: each line with its output and how it ended. Pure.

import type { ToolCallEvent } from "../protocol";
import { callTitle, isCommand } from "./callRows";

const BOLD = "\u001b[1m";
const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";

/** How a command that has ended did so, as the server says it in the last line. */
const ENDED = /\n?\[(exit code -?\d+|timed out)\]\s*$/;

/** Return what is to be written for a call that was shown in another state, or not at all, before. */
export function written(call: ToolCallEvent, before: ToolCallEvent | undefined): string {
  const started = before !== undefined && before.state !== "pending";
  const head = started || call.state === "pending" ? "" : `${BOLD}${plain(title(call))}${PLAIN}\r\n`;
  const wasOver = before !== undefined && isOver(before);
  return isOver(call) && !wasOver ? `${head}${tail(call)}` : head;
}

/** Return the terminal's title: the command that runs, or how the last one ended. */
export function titleOf(calls: readonly ToolCallEvent[]): string {
  const call = calls.findLast((each) => isCommand(each) && each.state !== "pending");
  if (call === undefined) {
    return "Coterie";
  }
  return `Coterie: ${title(call).replace(/^\$ /, "")}${isOver(call) ? (call.state === "succeeded" ? " ✓" : " ✗") : " …"}`;
}

function title(call: ToolCallEvent): string {
  const line = call.output?.split("\n", 1)[0];
  if (line?.startsWith("$ ")) {
    return line;
  }
  return typeof call.arguments["command"] === "string" ? `$ ${call.arguments["command"]}` : callTitle(call);
}

function tail(call: ToolCallEvent): string {
  const output = call.output ?? "";
  const ended = ENDED.exec(output)?.[1] ?? call.state;
  const body = output.replace(/^\$ .*\n?/, "").replace(ENDED, "");
  const shown = body.trim() === "" ? "" : `${plain(body.trimEnd())}${PLAIN}\r\n`;
  return `${shown}${call.state === "succeeded" ? GREEN : RED}[${ended}]${PLAIN}\r\n\r\n`;
}

function isOver(call: ToolCallEvent): boolean {
  return call.state === "succeeded" || call.state === "failed" || call.state === "denied";
}

/** Return a text that does nothing to a terminal but colour: what a program wrote must not reach the clipboard, the title or the cursor. */
export function plain(text: string): string {
  const kept: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  for (const [part] of text.matchAll(/\u001b\[[0-9;]*m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]|[\s\S]/g)) {
    if (part.length > 1 ? part.endsWith("m") && part.startsWith("\u001b[") : part === "\n" || part === "\t" || part >= " ") {
      kept.push(part === "\n" ? "\r\n" : part);
    }
  }
  return kept.join("").replaceAll(/[\u007f-\u009f]/g, "");
}
