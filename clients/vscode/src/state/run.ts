// What is known of a run, as a pure function of its events in their order: `reduce`. Every view of a run renders this and keeps nothing
// of its own. `runs.ts` feeds it.

import type {
  AgentEvent,
  ApprovalEvent,
  ArtifactEvent,
  Attached,
  ChangeEvent,
  CompactionEvent,
  MessageEvent,
  PlanEvent,
  RunEvent,
  StepEvent,
  ToolCallEvent,
  UsageEvent,
  WarningEvent,
} from "../protocol";

export interface Message {
  readonly messageId: string;
  readonly role: "user" | "assistant";
  readonly text: string;
  /** The thinking before it, which is told only while it is live. */
  readonly thought: string;
  readonly agent: string | undefined;
  readonly model: string | undefined;
  /** More is to come. */
  readonly partial: boolean;
  /** What went along with it. */
  readonly attachments: readonly Attached[];
}

/** What a person reads, in the order in which it first appeared. */
export type Entry =
  | { readonly kind: "message"; readonly id: string }
  | { readonly kind: "tool_call"; readonly id: string }
  | { readonly kind: "step"; readonly id: string; readonly attempt: number }
  | { readonly kind: "change"; readonly id: string }
  | { readonly kind: "approval"; readonly id: string }
  | { readonly kind: "compaction"; readonly event: CompactionEvent }
  | { readonly kind: "warning"; readonly event: WarningEvent };

export interface Run {
  readonly runId: string;
  readonly channelId: string | undefined;
  readonly folder: string | undefined;
  /** The highest sequence number that is in here. */
  readonly seq: number;
  readonly state: RunEvent["state"] | undefined;
  readonly reason: string | undefined;
  readonly text: string | undefined;
  readonly entries: readonly Entry[];
  readonly messages: Readonly<Record<string, Message>>;
  readonly toolCalls: Readonly<Record<string, ToolCallEvent>>;
  /** The latest attempt of each step, in the order in which the steps began. */
  readonly steps: readonly StepEvent[];
  readonly plan: PlanEvent["plan"] | undefined;
  readonly artifacts: readonly ArtifactEvent[];
  readonly changes: Readonly<Record<string, ChangeEvent>>;
  readonly approvals: Readonly<Record<string, ApprovalEvent>>;
  readonly usage: UsageEvent | undefined;
  /** A piece of a message is missing: what was told has to be asked for again. */
  readonly gap: boolean;
  /** The one entry, listed before, that the last event has changed; undefined: anything may be different. */
  readonly touched: Touched | undefined;
}

export type Touched = Extract<Entry, { readonly kind: "message" | "tool_call" | "change" | "approval" }>;

export function emptyRun(runId: string): Run {
  return {
    runId,
    channelId: undefined,
    folder: undefined,
    seq: 0,
    state: undefined,
    reason: undefined,
    text: undefined,
    entries: [],
    messages: {},
    toolCalls: {},
    steps: [],
    plan: undefined,
    artifacts: [],
    changes: {},
    approvals: {},
    usage: undefined,
    gap: false,
    touched: undefined,
  };
}

const ENDED: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled", "interrupted"]);

/** Say whether nothing more comes of a run unless it is resumed. */
export function hasEnded(run: Pick<Run, "state">): boolean {
  return run.state !== undefined && ENDED.has(run.state);
}

/** Return the run after an event; one that it has seen already changes nothing. */
export function reduce(run: Run, told: AgentEvent): Run {
  if (told.seq <= run.seq) {
    return run;
  }
  const at = {
    ...run,
    seq: told.seq,
    channelId: told.channelId ?? run.channelId,
    folder: told.folder ?? run.folder,
    touched: undefined,
  };
  const event = told.event;
  switch (event.kind) {
    case "run":
      return {
        ...at,
        state: event.state,
        reason: event.reason ?? undefined,
        text: event.text ?? undefined,
        approvals: hasEnded(event) ? closed(at.approvals) : at.approvals,
      };
    case "step":
      return withStep(at, event);
    case "plan":
      return { ...at, plan: event.plan };
    case "artifact":
      return { ...at, artifacts: [...at.artifacts, event] };
    case "message_delta":
      return withDelta(at, event.messageId, "text", event.offset, event.text);
    case "thought_delta":
      return withDelta(at, event.messageId, "thought", event.offset, event.text);
    case "message":
      return withMessage(at, event);
    case "message_discarded":
      return withoutMessage(at, event.messageId);
    case "tool_call":
      return {
        ...listed(at, Object.hasOwn(at.toolCalls, event.callId), { kind: "tool_call", id: event.callId }),
        toolCalls: { ...at.toolCalls, [event.callId]: event },
      };
    case "change":
      return {
        ...listed(at, Object.hasOwn(at.changes, event.changeId), { kind: "change", id: event.changeId }),
        changes: { ...at.changes, [event.changeId]: event },
      };
    case "approval":
      return {
        ...listed(at, Object.hasOwn(at.approvals, event.approvalId), { kind: "approval", id: event.approvalId }),
        approvals: { ...at.approvals, [event.approvalId]: event },
      };
    case "usage":
      return { ...at, usage: event };
    case "warning":
    case "compaction":
      return { ...at, entries: [...at.entries, event.kind === "warning" ? { kind: event.kind, event } : { kind: event.kind, event }] };
    default:
      // A kind of a later server: the number counts, the rest is not for us.
      return at;
  }
}

/** Close what nobody can answer any more: a server that dies does not say so of its questions, and asks again when the run goes on. */
function closed(approvals: Run["approvals"]): Run["approvals"] {
  const open = Object.values(approvals).filter(({ state }) => state === "pending");
  const ended = open.map((approval) => [approval.approvalId, { ...approval, state: "resolved", decision: null }] as const);
  return open.length === 0 ? approvals : { ...approvals, ...Object.fromEntries(ended) };
}

/** List what is not known yet. That is asked of what is kept by its id: a look through the list would be taken for every word that streams. */
function listed(run: Run, known: boolean, entry: Touched): Run {
  return known ? { ...run, touched: entry } : { ...run, entries: [...run.entries, entry] };
}

function withStep(run: Run, step: StepEvent): Run {
  const known = run.steps.some((each) => each.stepId === step.stepId);
  const steps = known ? run.steps.map((each) => (each.stepId === step.stepId ? step : each)) : [...run.steps, step];
  const isListed = run.entries.some((each) => each.kind === "step" && each.id === step.stepId && each.attempt === step.attempt);
  const entries: readonly Entry[] = isListed ? run.entries : [...run.entries, { kind: "step", id: step.stepId, attempt: step.attempt }];
  return { ...run, entries, steps };
}

function withDelta(run: Run, id: string, part: "text" | "thought", offset: number, text: string): Run {
  const before: Message = run.messages[id] ?? {
    messageId: id,
    role: "assistant",
    text: "",
    thought: "",
    agent: undefined,
    model: undefined,
    partial: true,
    attachments: [],
  };
  if (offset > before[part].length) {
    return { ...run, gap: true };
  }
  const message = { ...before, [part]: before[part].slice(0, offset) + text };
  return { ...listed(run, Object.hasOwn(run.messages, id), { kind: "message", id }), messages: { ...run.messages, [id]: message } };
}

function withMessage(run: Run, event: MessageEvent): Run {
  const message: Message = {
    messageId: event.messageId,
    role: event.role,
    text: event.text,
    thought: run.messages[event.messageId]?.thought ?? "",
    agent: event.agent ?? undefined,
    model: event.model ?? undefined,
    partial: event.partial === true,
    attachments: event.attachments ?? [],
  };
  return {
    ...listed(run, Object.hasOwn(run.messages, event.messageId), { kind: "message", id: event.messageId }),
    messages: { ...run.messages, [event.messageId]: message },
    gap: false,
  };
}

function withoutMessage(run: Run, id: string): Run {
  const { [id]: _gone, ...messages } = run.messages;
  return { ...run, messages, entries: run.entries.filter((entry) => !(entry.kind === "message" && entry.id === id)) };
}
