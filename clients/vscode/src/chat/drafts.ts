// What is being written in each chat, kept over reloads of the window.

import type { Memento } from "vscode";
import type { Chip } from "./draft";

export interface Draft {
  readonly text: string;
  readonly chips: readonly Chip[];
}

const KEY = "coterie.chat.drafts";
/** How many are kept: nobody has so many chats under way. */
const MOST = 100;
export const NO_DRAFT: Draft = { text: "", chips: [] };

export class Drafts {
  readonly #memento: Memento;
  #drafts: Readonly<Record<string, Draft>>;

  constructor(memento: Memento) {
    this.#memento = memento;
    this.#drafts = memento.get<Readonly<Record<string, Draft>>>(KEY, {});
  }

  get(channelId: string | undefined): Draft {
    return this.#drafts[channelId ?? ""] ?? NO_DRAFT;
  }

  async keep(channelId: string | undefined, { text, chips }: Draft): Promise<void> {
    const { [channelId ?? ""]: before, ...others } = this.#drafts;
    const isEmpty = text === "" && chips.length === 0;
    if (isEmpty && before === undefined) {
      return;
    }
    const kept = Object.entries(others).slice(1 - MOST);
    this.#drafts = isEmpty ? others : Object.fromEntries([...kept, [channelId ?? "", { text, chips }]]);
    await this.#memento.update(KEY, this.#drafts);
  }
}
