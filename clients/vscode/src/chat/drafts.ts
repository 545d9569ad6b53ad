// What is being written in each chat, kept over reloads of the window. A chat is the same on all pages; a new one is each page's own.

import type { Memento } from "vscode";
import type { Chip } from "./draft";

export interface Draft {
  readonly text: string;
  readonly chips: readonly Chip[];
}

/** The drafts as a page sees them; without a channel it is that of the new chat. */
export interface PageDrafts {
  /** The name by which the page finds its own again. */
  readonly page: string;
  get(channelId: string | undefined): Draft;
  keep(channelId: string | undefined, draft: Draft): Promise<void>;
}

const KEY = "coterie.chat.drafts";
/** How the names of pages begin; no chat is called so. */
const PAGE = "page:";
/** How many are kept: nobody has so many chats under way. */
const MOST = 100;
export const NO_DRAFT: Draft = { text: "", chips: [] };
/** The page in the side bar. */
export const SIDE_BAR = "";

export class Drafts {
  readonly #memento: Memento;
  /** The pages that are there, but for that of the side bar. */
  readonly #pages = new Set<string>();
  #drafts: Readonly<Record<string, Draft>>;

  constructor(memento: Memento) {
    this.#memento = memento;
    this.#drafts = memento.get<Readonly<Record<string, Draft>>>(KEY, {});
  }

  of(page: string): PageDrafts {
    this.#pages.add(page);
    return {
      page,
      get: (channelId) => this.#get(channelId ?? page),
      keep: (channelId, draft) => this.#keep(channelId ?? page, draft),
    };
  }

  /** Return the drafts of a page that is made. */
  ofNew(): PageDrafts {
    return this.of(`${PAGE}${crypto.randomUUID()}`);
  }

  /** Return the drafts of a page that is there again; one that does not know its name any more gets those of one that is gone. */
  ofAgain(page: string | undefined): PageDrafts {
    const found = page ?? Object.keys(this.#drafts).findLast((key) => key.startsWith(PAGE) && !this.#pages.has(key));
    return found === undefined ? this.ofNew() : this.of(found);
  }

  /** Return the drafts of a page that takes over what is begun in the side bar, or where that is nothing, in a page that is gone. */
  async takenOver(): Promise<PageDrafts> {
    const begun = this.#get(SIDE_BAR);
    if (isEmpty(begun)) {
      return this.ofAgain(undefined);
    }
    const drafts = this.ofNew();
    await drafts.keep(undefined, begun);
    await this.#keep(SIDE_BAR, NO_DRAFT);
    return drafts;
  }

  /** Note that a page is gone: what was being written in its new chat is the next one's. */
  leave(page: string): void {
    this.#pages.delete(page);
  }

  #get(key: string): Draft {
    return this.#drafts[key] ?? NO_DRAFT;
  }

  async #keep(key: string, draft: Draft): Promise<void> {
    const { [key]: before, ...others } = this.#drafts;
    if (isEmpty(draft) && before === undefined) {
      return;
    }
    const kept = Object.entries(others).slice(1 - MOST);
    this.#drafts = isEmpty(draft) ? others : Object.fromEntries([...kept, [key, draft]]);
    await this.#memento.update(KEY, this.#drafts);
  }
}

function isEmpty({ text, chips }: Draft): boolean {
  return text === "" && chips.length === 0;
}
