// The list of chats and tasks as the server tells it: read once, then kept by `agent/channel/changed`.

import type { Channel, ChannelChanged } from "../protocol";
import { Signal } from "./signal";

export class Channels {
  readonly changed = new Signal<void>();
  /** In the order in which they were made, as far as it is known: of two that were spoken in at the same moment the later one comes first. */
  readonly #channels = new Map<string, Channel>();

  /** Take in what the server lists, latest first. */
  replace(channels: readonly Channel[]): void {
    this.#channels.clear();
    for (const channel of channels.toReversed()) {
      this.#channels.set(channel.channelId, channel);
    }
    this.changed.emit();
  }

  hear(told: ChannelChanged): void {
    if (told.change === "deleted") {
      this.#channels.delete(told.channelId);
    } else if (told.channel !== null && told.channel !== undefined) {
      this.#channels.set(told.channelId, told.channel);
    }
    this.changed.emit();
  }

  get(channelId: string): Channel | undefined {
    return this.#channels.get(channelId);
  }

  /** All channels, what was last spoken in first. */
  all(): readonly Channel[] {
    return [...this.#channels.values()].reverse().sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0));
  }

  /** How many questions wait for an answer. */
  pendingApprovals(): number {
    return this.all().reduce((sum, channel) => sum + (channel.pendingApprovals ?? 0), 0);
  }
}
