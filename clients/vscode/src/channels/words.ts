// How a chat is described in a list. Pure.

import type { Channel } from "../protocol";

const STEPS: readonly (readonly [number, number, string])[] = [
  [60, 1, "now"],
  [3600, 60, "min"],
  [86_400, 3600, "h"],
  [604_800, 86_400, "d"],
  [Number.POSITIVE_INFINITY, 604_800, "w"],
];

/** Say how long ago something was, in as few letters as can be. */
export function ago(at: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  const [, unit, name] = STEPS.find(([below]) => seconds < below) ?? [0, 1, "now"];
  return name === "now" || Number.isNaN(seconds) ? "now" : `${Math.floor(seconds / unit)} ${name}`;
}

/** The codicon of a chat's state. */
export function stateIcon(channel: Channel): string {
  if ((channel.pendingApprovals ?? 0) > 0) {
    return "bell-dot";
  }
  return { active: "loading~spin", idle: "circle-outline", archived: "archive" }[channel.state];
}

export function stateWords(channel: Channel): string {
  const waiting = channel.pendingApprovals ?? 0;
  if (waiting > 0) {
    return waiting === 1 ? "a question waits for you" : `${waiting} questions wait for you`;
  }
  return { active: "a run goes on", idle: "idle", archived: "archived" }[channel.state];
}

/** Lines of Markdown-free text that say all that is known of a chat. */
export function tooltipLines(channel: Channel, now: number): readonly string[] {
  const who = [channel.agent, channel.model].filter((each): each is string => typeof each === "string");
  return [
    channel.title,
    `${stateWords(channel)}, last used ${ago(channel.updatedAt, now)}`.replace("used now", "used just now"),
    ...(who.length > 0 ? [who.join(" · ")] : []),
  ];
}

/** What is seen of a chat in the list. */
export interface Entry {
  readonly id: string;
  readonly label: string;
  readonly icon: string;
  readonly age: string;
  readonly tooltip: string;
  readonly context: string;
  readonly spoken: string;
}

export function entryOf(channel: Channel, now: number): Entry {
  const age = ago(channel.updatedAt, now);
  return {
    id: channel.channelId,
    label: channel.title,
    icon: stateIcon(channel),
    age,
    tooltip: tooltipLines(channel, now).join("\n"),
    context: `channel.${channel.state}`,
    spoken: `${channel.title}, ${stateWords(channel)}, ${age}`,
  };
}

/** Return all that is seen of the list: while it is the same, there is nothing to draw. */
export function looks(channels: readonly Channel[], now: number): string {
  return JSON.stringify(FOLDERS.map(({ id }) => inFolder(channels, id).map((channel) => entryOf(channel, now))));
}

export interface Folder {
  readonly id: "chats" | "tasks";
  readonly label: string;
}

export const FOLDERS: readonly Folder[] = [
  { id: "chats", label: "User Chats" },
  { id: "tasks", label: "Agent Tasks" },
];

/** Return the chats of a folder: what goes on first, then by age, what is put away at the end. */
export function inFolder(channels: readonly Channel[], folder: "chats" | "tasks"): readonly Channel[] {
  const rank = { active: 0, idle: 1, archived: 2 };
  return channels.filter((channel) => channel.folder === folder).toSorted((a, b) => rank[a.state] - rank[b.state]);
}
