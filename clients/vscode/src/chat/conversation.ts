// Which runs and messages a chat shows, and in which order: the channel's history says what is there, the runs say all of it. Pure.

import type { ChannelMessage, ChannelPage } from "../protocol";
import { hasEnded, type Run } from "../state/run";
import { dollars } from "../status/view";
import { type Item, itemsOfHistory, itemsOfRun } from "./items";

export interface Conversation {
  readonly channelId: string;
  /** Oldest first, as far back as somebody has scrolled. */
  readonly history: readonly ChannelMessage[];
  readonly hasOlder: boolean;
  /** Runs that were seen to go on: they are shown whole, the others as far as history has them. */
  readonly live: readonly string[];
}

export function newConversation(channelId: string): Conversation {
  return { channelId, history: [], hasOlder: false, live: [] };
}

/** Add what was before. */
export function withOlder(conversation: Conversation, page: ChannelPage): Conversation {
  const known = new Set(conversation.history.map((message) => message.messageId));
  const older = page.messages.filter((message) => !known.has(message.messageId));
  return { ...conversation, history: [...older, ...conversation.history], hasOlder: page.more };
}

/** Take in the latest page anew: what it has not any more is gone, what was before it stays. */
export function withLatest(conversation: Conversation, page: ChannelPage): Conversation {
  const first = page.messages[0]?.messageId;
  const at = conversation.history.findIndex((message) => message.messageId === first);
  // Without an overlap nobody knows what is between: the page alone is sure.
  const before = at < 0 ? [] : conversation.history.slice(0, at);
  return { ...conversation, history: [...before, ...page.messages], hasOlder: at > 0 ? conversation.hasOlder : page.more };
}

/** Note that a run goes on. */
export function withRun(conversation: Conversation, run: Run): Conversation {
  const isNews = run.channelId === conversation.channelId && !hasEnded(run) && !conversation.live.includes(run.runId);
  return isNews ? { ...conversation, live: [...conversation.live, run.runId] } : conversation;
}

/** What stands in a row of a conversation and is of one run, or of none. */
export interface Part {
  readonly runId: string | undefined;
  /** What history has of it. */
  readonly told: readonly ChannelMessage[];
  readonly isLive: boolean;
}

/** Return the parts of a conversation in their order. */
export function partsOf(conversation: Conversation): readonly Part[] {
  const told = new Map<string | undefined, ChannelMessage[]>();
  for (const message of conversation.history) {
    const runId = message.runId ?? undefined;
    const before = told.get(runId);
    if (before === undefined) {
      told.set(runId, [message]);
    } else {
      before.push(message);
    }
  }
  const live = new Set<string | undefined>(conversation.live);
  for (const runId of live) {
    told.set(runId, told.get(runId) ?? []);
  }
  return [...told].map(([runId, messages]) => ({ runId, told: messages, isLive: live.has(runId) }));
}

/** Return what a part shows; `run` is its run, where that is known. */
export function itemsOfPart({ told, isLive }: Part, run: Run | undefined): readonly Item[] {
  if (run === undefined || run.seq === 0) {
    return itemsOfHistory(told);
  }
  return isLive ? itemsOfRun(run) : pastItems(run, told);
}

/** A run as far as history has its messages: a chat that was cut off, or forked, in the middle of a run does not show the rest. */
function pastItems(run: Run, told: readonly ChannelMessage[]): readonly Item[] {
  const kept = new Set(told.map((message) => message.messageId));
  const last = run.entries.findLastIndex((entry) => entry.kind === "message" && kept.has(entry.id));
  const cut = run.entries.findIndex((entry, index) => index > last && entry.kind === "message" && entry.id in run.messages);
  return cut < 0 ? itemsOfRun(run) : itemsOfRun({ ...run, state: "succeeded" }, run.entries.slice(0, cut));
}

/** Return what was used in a chat so far, as far as its runs are known. */
export interface Spent {
  readonly tokens: number;
  readonly usd: number;
  /** Of some of it the price is not known. */
  readonly isMore: boolean;
}

export function spentIn(runs: readonly Run[]): Spent {
  let tokens = 0;
  let usd = 0;
  let isMore = false;
  for (const { usage } of runs) {
    if (usage !== undefined) {
      tokens += (usage.input ?? 0) + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0) + (usage.output ?? 0);
      usd += Number(usage.usd ?? 0);
      isMore ||= usage.usd === null;
    }
  }
  return { tokens, usd, isMore };
}

/** Say it in a few words, nothing while nothing was used. */
export function spentWords({ tokens, usd, isMore }: Spent): string {
  if (tokens === 0) {
    return "";
  }
  const count = tokens < 10_000 ? tokens.toLocaleString("en") : `${Math.round(tokens / 1000).toLocaleString("en")}k`;
  // Models without a price cost nothing that is known.
  return isMore && usd === 0 ? `${count} tokens` : `${count} tokens · ${isMore ? "over " : ""}${dollars(String(usd))}`;
}
