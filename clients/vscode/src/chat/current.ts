// The chat that a page shows, as it stands: which it is, who answers in it, what goes on, and whether that was asked to stop.

import type { Surroundings } from "../messages/chat";
import type { Channel } from "../protocol";
import type { Session } from "../session";
import { Signal } from "../state/signal";
import type { Agents } from "./agents";
import { type Choice, choiceOf } from "./answerer";
import { spentWords } from "./conversation";
import { Feed } from "./feed";
import type { Patch } from "./patch";
import { withDrafts } from "./planned";
import { surroundingsOf } from "./surroundings";

export class Current {
  readonly patched = new Signal<Patch>();
  /** Something about it is different; it may look the same. */
  readonly changed = new Signal<void>();
  readonly #session: Session;
  readonly #agents: Agents;
  #channelId: string | undefined;
  #choice: Choice;
  #feed: Feed | undefined;
  /** The run that was asked to stop. */
  #stopping: string | undefined;

  constructor(session: Session, agents: Agents, channelId: string | undefined) {
    this.#session = session;
    this.#agents = agents;
    this.#channelId = channelId;
    this.#choice = choiceOf(this.#channel());
  }

  get channelId(): string | undefined {
    return this.#channelId;
  }

  get choice(): Choice {
    return this.#choice;
  }

  /** Undefined as long as there is no chat yet. */
  get feed(): Feed | undefined {
    return this.#feed;
  }

  show(channelId: string | undefined): void {
    this.#channelId = channelId;
    this.#choice = choiceOf(this.#channel());
    this.#stopping = undefined;
    this.#feed?.dispose();
    this.#feed = undefined;
    if (channelId !== undefined) {
      this.#feed = new Feed(this.#session.wire, withDrafts(this.#session.runs, this.#session.drafts), channelId);
      this.#feed.patched.on((patch) => this.patched.emit(patch));
      this.#feed.changed.on(() => this.changed.emit());
    }
  }

  choose(choice: Choice): void {
    this.#choice = choice;
    this.changed.emit();
  }

  /** Take over what was chosen elsewhere; a workflow is chosen for this page alone. */
  listed(): void {
    const channel = this.#channel();
    if (channel !== undefined && this.#choice.workflow === undefined) {
      this.#choice = choiceOf(channel);
    }
    this.changed.emit();
  }

  /** Stop what goes on, and keep what was done; says whether anything did. Once is enough: the server ends it as soon as it can. */
  async stop(): Promise<boolean> {
    const run = this.#feed?.active;
    if (run === undefined || run.runId === this.#stopping) {
      return run !== undefined;
    }
    this.#stopping = run.runId;
    this.changed.emit();
    try {
      await this.#session.wire.request("agent/run/interrupt", { runId: run.runId });
    } catch (error) {
      this.#stopping = undefined;
      this.changed.emit();
      throw error;
    }
    return true;
  }

  surroundings(): Surroundings {
    const run = this.#feed?.active;
    if (run?.runId !== this.#stopping) {
      this.#stopping = undefined;
    }
    return surroundingsOf({
      channelId: this.#channelId,
      channel: this.#channel(),
      choice: this.#choice,
      agents: this.#agents.all,
      server: this.#session.connection.state.kind,
      run,
      isStopping: this.#stopping !== undefined,
      ended: this.#feed?.ended,
      spent: this.#feed === undefined ? "" : spentWords(this.#feed.spent),
      hasOlder: this.#feed?.hasOlder ?? false,
    });
  }

  dispose(): void {
    this.#feed?.dispose();
  }

  #channel(): Channel | undefined {
    return this.#channelId === undefined ? undefined : this.#session.channels.get(this.#channelId);
  }
}
