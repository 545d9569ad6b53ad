// What this window knows of the server's runs, chats and questions, and the wire to it. One for the window; every view gets it and keeps
// no state of its own.

import { type Disposable, type ExtensionContext, type LogOutputChannel, Uri, type WorkspaceFolder, workspace } from "vscode";
import type { Status } from "./protocol";
import type { Connection } from "./server/connection";
import type { Wire } from "./server/wire";
import { Approvals } from "./state/approvals";
import { Channels } from "./state/channels";
import { Drafts } from "./state/drafts";
import { Reviews } from "./state/reviews";
import { Runs } from "./state/runs";
import { Signal } from "./state/signal";

export class Session implements Disposable {
  readonly wire: Wire;
  readonly runs: Runs;
  readonly channels = new Channels();
  readonly approvals = new Approvals();
  readonly drafts: Drafts;
  readonly reviews = new Reviews();
  readonly statusChanged = new Signal<Status>();
  /** The server runs and could not say how it is. */
  readonly troubled = new Signal<void>();
  readonly connection: Connection;
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly #subscriptions: Disposable[];
  #status: Status | undefined;
  #trouble: string | undefined;

  constructor(connection: Connection, context: ExtensionContext, log: LogOutputChannel) {
    this.connection = connection;
    this.context = context;
    this.log = log;
    this.wire = connection.wire;
    this.runs = new Runs(async (runId, after) => (await this.wire.request("agent/run/events", { runId, after })).events);
    this.drafts = new Drafts(
      context.workspaceState,
      (runId) => this.runs.get(runId)?.plan,
      (runId) => this.runs.load(runId),
    );
    this.#subscriptions = [
      connection.on("agent/event", (told) => {
        this.runs.hear(told);
        this.approvals.hear(told);
        this.drafts.hear(told);
        if (told.event.kind === "change" && isInside(told.event.uri)) {
          this.reviews.hear(told);
        }
      }),
      connection.on("agent/channel/changed", (told) => this.channels.hear(told)),
      connection.on("agent/status/changed", (status) => this.#know(status)),
      connection.changed.on((state) => {
        if (state.kind === "running") {
          void this.#catchUp();
        }
      }),
      workspace.onDidChangeWorkspaceFolders(({ added }) => {
        this.reviews.keep(isInside);
        void this.#review(added);
      }),
    ];
  }

  get status(): Status | undefined {
    return this.#status;
  }

  /** Why the server, which runs, could not say how it is; undefined since it has. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
  }

  /** Ask for all that happened while nobody listened. */
  async #catchUp(): Promise<void> {
    const told = await Promise.allSettled([
      this.wire.request("agent/status", {}).then(
        (status) => this.#know(status),
        (reason: unknown) => this.#worry(reason),
      ),
      this.wire.request("agent/channel/list", {}).then(({ channels }) => this.channels.replace(channels)),
      this.wire.request("agent/approval/list", {}).then(({ approvals }) => this.approvals.replace(approvals)),
      this.wire.request("agent/review/list", {}).then((list) => this.reviews.replace(list)),
      this.runs.catchUp(),
    ]);
    this.#warn(told);
  }

  /** Ask what waits for review in folders by their names: the server may hear later than this that they are open. */
  async #review(folders: readonly WorkspaceFolder[]): Promise<void> {
    if (this.connection.state.kind === "running") {
      const asked = folders.map(async ({ uri }) =>
        this.reviews.add(await this.wire.request("agent/review/list", { folder: uri.toString() })),
      );
      this.#warn(await Promise.allSettled(asked));
    }
  }

  #warn(told: readonly PromiseSettledResult<unknown>[]): void {
    for (const failed of told.filter((each) => each.status === "rejected")) {
      this.log.warn(`The server did not tell all of its state: ${String(failed.reason)}`);
    }
  }

  /** Note that the server does not say how it is, which is for a person to see where it goes on running. */
  #worry(reason: unknown): never {
    if (this.connection.state.kind === "running") {
      this.#trouble = reason instanceof Error ? reason.message : String(reason);
      this.troubled.emit();
    }
    throw reason;
  }

  #know(status: Status): void {
    this.#status = status;
    this.#trouble = undefined;
    this.statusChanged.emit(status);
  }
}

/** Say whether a file is in a folder of this window. */
function isInside(uri: string): boolean {
  return workspace.getWorkspaceFolder(Uri.parse(uri)) !== undefined;
}
