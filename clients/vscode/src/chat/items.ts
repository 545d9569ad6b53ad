// What stands in a chat, item by item, as a person reads it: pure, of a run's state and of a channel's history. The extension makes items,
// the webview shows them; `patch.ts` carries what has changed from one to the other.

import type { ApprovalEvent, ChangeEvent, ChannelMessage, CompactionEvent, StepEvent, ToolCallEvent } from "../protocol";
import { doubtOf, doubtWords } from "../state/doubt";
import { type Entry, hasEnded, type Message, type Run, type Touched } from "../state/run";
import { type AttachedItem, attachedItem } from "./attached";
import { askedAbout, type Question, questionAbout } from "./question";
import { quotedIn } from "./quoted";
import { toolTitle } from "./tools";

export type Item = UserItem | AnswerItem | ToolItem | StepItem | ChangeItem | ApprovalItem | NoteItem;

interface Base {
  readonly id: string;
  readonly runId: string | undefined;
}

export interface UserItem extends Base {
  readonly kind: "user";
  readonly messageId: string;
  readonly text: string;
  readonly attached: readonly AttachedItem[];
}

export interface AnswerItem extends Base {
  readonly kind: "answer";
  readonly messageId: string;
  readonly text: string;
  readonly thought: string;
  readonly agent: string | undefined;
  readonly model: string | undefined;
  readonly partial: boolean;
}

export interface ToolItem extends Base {
  readonly kind: "tool";
  readonly title: string;
  readonly state: ToolCallEvent["state"];
  readonly input: string;
  readonly output: string | undefined;
}

export interface StepItem extends Base {
  readonly kind: "step";
  readonly title: string;
  readonly agent: string;
  readonly model: string | undefined;
  readonly state: StepEvent["state"];
  readonly attempt: number;
}

export interface ChangeItem extends Base {
  readonly kind: "change";
  readonly path: string;
  readonly uri: string;
  readonly state: ChangeEvent["state"];
  readonly added: number;
  readonly removed: number;
  /** Why it may be somebody else's, in words. */
  readonly doubt: string | undefined;
}

export interface ApprovalItem extends Base, Question {
  readonly kind: "approval";
  readonly approvalId: string;
}

export interface NoteItem extends Base {
  readonly kind: "note";
  readonly tone: "info" | "warning" | "error";
  readonly text: string;
  /** Text that is folded below it, such as the summary that replaces a conversation's beginning. */
  readonly detail: string | undefined;
  readonly helps: readonly Help[];
}

/** What a button beside a trouble does. */
export type Help = "resume" | "configure" | "context";

/** Return what stands in a chat of a run. */
export function itemsOfRun(run: Run, entries: readonly Entry[] = run.entries): readonly Item[] {
  const items: Item[] = [];
  for (const [index, entry] of entries.entries()) {
    const item = isOutdated(run, entry, entries[index + 1]) ? undefined : itemOf(run, entry, index);
    if (item !== undefined) {
      items.push(item);
    }
  }
  const end = endOf(run);
  return end === undefined ? items : [...items, end];
}

/** Return what an entry that was listed before stands there as now; undefined: it shows nothing. */
export function itemAt(run: Run, entry: Touched): Item | undefined {
  return itemOf(run, entry, 0);
}

/** Return what history alone tells of messages whose run is not known any more. */
export function itemsOfHistory(messages: readonly ChannelMessage[]): readonly Item[] {
  return messages.flatMap((message) => [
    messageItem(
      {
        ...message,
        thought: "",
        agent: message.agent ?? undefined,
        model: message.model ?? undefined,
        partial: false,
        attachments: message.attachments ?? [],
      },
      message.runId ?? undefined,
    ),
    ...(message.toolCalls ?? []).map((call) => toolItem(call, message.runId ?? undefined)),
  ]);
}

function itemOf(run: Run, entry: Entry, index: number): Item | undefined {
  switch (entry.kind) {
    case "message": {
      const message = run.messages[entry.id];
      return message === undefined || isBlank(message) ? undefined : messageItem(message, run.runId);
    }
    case "tool_call": {
      const call = run.toolCalls[entry.id];
      return call === undefined ? undefined : toolItem(call, run.runId);
    }
    case "step":
      return stepItem(run, entry.id, entry.attempt);
    case "change": {
      const change = run.changes[entry.id];
      // The question that it stands in says all of it.
      return change === undefined || askedAbout(run).has(entry.id) ? undefined : changeItem(change, run.runId);
    }
    case "approval": {
      const approval = run.approvals[entry.id];
      return approval === undefined ? undefined : approvalItem(approval, run);
    }
    case "warning":
      return note(run, `warning:${index}`, "warning", entry.event.text);
    case "compaction":
      return note(run, `compaction:${entry.event.compactionId}`, "info", compactionWords(entry.event), entry.event.summary ?? undefined, [
        "context",
      ]);
  }
}

/** Codes of warnings that a model is tried again: whatever comes next says more, also the end of the run. */
const TRIED_AGAIN: ReadonlySet<string> = new Set(["transient", "rate_limited"]);

/** Of warnings in a row that say the same of each attempt only the last matters. */
function isOutdated(run: Run, entry: Entry, next: Entry | undefined): boolean {
  if (entry.kind !== "warning") {
    return false;
  }
  return TRIED_AGAIN.has(entry.event.code)
    ? next !== undefined || hasEnded(run)
    : next?.kind === "warning" && next.event.code === entry.event.code;
}

/** An answer of tool calls alone says nothing. */
function isBlank(message: Message): boolean {
  return message.role === "assistant" && message.text.trim() === "" && message.thought.trim() === "";
}

function messageItem(message: Message, runId: string | undefined): UserItem | AnswerItem {
  const { messageId } = message;
  if (message.role === "user") {
    const { text, attached } = quotedIn(message.text);
    const all = [...message.attachments.map(attachedItem), ...attached];
    return { kind: "user", id: `message:${messageId}`, messageId, runId, text, attached: all };
  }
  const { text, thought, agent, model, partial } = message;
  return { kind: "answer", id: `message:${messageId}`, messageId, runId, text, thought, agent, model, partial };
}

// An event is never changed, and its words can be long: they are made once for each.
const tools = new WeakMap<ToolCallEvent, ToolItem>();

function toolItem(call: ToolCallEvent, runId: string | undefined): ToolItem {
  let item = tools.get(call);
  if (item === undefined) {
    item = {
      kind: "tool",
      id: `call:${runId}:${call.callId}`,
      runId,
      title: toolTitle(call.tool, call.arguments),
      state: call.state,
      input: JSON.stringify(call.arguments, undefined, 2),
      output: call.output ?? undefined,
    };
    tools.set(call, item);
  }
  return item;
}

function stepItem(run: Run, stepId: string, attempt: number): StepItem | undefined {
  const step = run.steps.find((each) => each.stepId === stepId);
  // A run of one step is that step: a heading would say the same again.
  if (step === undefined || run.steps.length === 1) {
    return undefined;
  }
  const { agent, model } = step;
  // Of an attempt before the latest is known that it did not do.
  const state = step.attempt === attempt ? step.state : "failed";
  return {
    kind: "step",
    id: `step:${run.runId}:${stepId}:${attempt}`,
    runId: run.runId,
    title: stepId,
    agent,
    model: model ?? undefined,
    state,
    attempt,
  };
}

const changes = new WeakMap<ChangeEvent, ChangeItem>();

function changeItem(change: ChangeEvent, runId: string): ChangeItem {
  let item = changes.get(change);
  if (item === undefined) {
    const { path, uri, state, hunks } = change;
    const sum = (lines: (hunk: (typeof hunks)[number]) => number): number => hunks.reduce((all, hunk) => all + lines(hunk), 0);
    const [added, removed] = [sum((hunk) => hunk.newLines), sum((hunk) => hunk.oldLines)];
    const doubted = state === "applied" ? doubtOf(change) : undefined;
    const doubt = doubted && doubtWords(doubted);
    item = { kind: "change", id: `change:${change.changeId}`, runId, path, uri, state, added, removed, doubt };
    changes.set(change, item);
  }
  return item;
}

const approvals = new WeakMap<Question, ApprovalItem>();

function approvalItem(approval: ApprovalEvent, run: Run): ApprovalItem {
  const question = questionAbout(approval, run);
  let item = approvals.get(question);
  if (item === undefined) {
    const { approvalId } = approval;
    item = { kind: "approval", id: `approval:${approvalId}`, runId: run.runId, approvalId, ...question };
    approvals.set(question, item);
  }
  return item;
}

function compactionWords(event: CompactionEvent): string {
  return `${event.text} (${event.tokensBefore.toLocaleString("en")} → ${event.tokensAfter.toLocaleString("en")} tokens)`;
}

/** Return the line that says how a run ended, where that is not what one expects. */
export function endOf(run: Run): NoteItem | undefined {
  const words = (said: string): string => run.text ?? said;
  switch (run.state) {
    case "failed":
      return note(run, "end", "error", words("The run failed."), undefined, [...(HELPS[run.reason ?? ""] ?? []), "resume"]);
    case "interrupted":
      return note(run, "end", "warning", words("Stopped. What was done is kept."), undefined, ["resume"]);
    case "cancelled":
      return note(run, "end", "info", words("Cancelled."));
    default:
      return undefined;
  }
}

/** What helps against the reasons of a run's end, before it goes on. */
const HELPS: Readonly<Record<string, readonly Help[]>> = {
  auth_required: ["configure"],
  no_provider: ["configure"],
  unknown_model: ["configure"],
  unknown_provider: ["configure"],
  provider_failed: ["configure"],
  quota_exhausted: ["configure"],
  bad_request: ["configure"],
  budget_exhausted: ["configure"],
  context_overflow: ["context"],
};

function note(run: Run, name: string, tone: NoteItem["tone"], text: string, detail?: string, helps: readonly Help[] = []): NoteItem {
  return { kind: "note", id: `note:${run.runId}:${name}`, runId: run.runId, tone, text, detail, helps };
}
