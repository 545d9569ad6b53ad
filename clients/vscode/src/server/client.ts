// Makes the language client for one life of the server. `connection.ts` says when there is one, and hears when its server has ended.

import type { ChildProcess } from "node:child_process";
import type { Writable } from "node:stream";
import { type ConfigurationScope, type ExtensionContext, type LogOutputChannel, Uri, workspace } from "vscode";
import {
  CloseAction,
  ErrorAction,
  ErrorCodes,
  LanguageClient,
  type LanguageClientOptions,
  LSPErrorCodes,
  type Middleware,
  ResponseError,
  RevealOutputChannelOn,
  type StaticFeature,
} from "vscode-languageclient/node";
import { type Child, end, ended, talkedTo } from "./child";
import { homeOf } from "./find";
import type { Launch } from "./locate";
import { showMessagesOf } from "./messages";
import { collected, keysOf } from "./settings";
import { withoutKeys } from "./tracing";

/** How long a server that has said good-bye may take to end. */
const GRACE_MS = 3000;

/** A client with the process of its server. Tells of its troubles in the log alone: what a person is to know `trouble.ts` says, once. */
export class ServerClient extends LanguageClient {
  #process: Child | undefined;
  /** Whether the server has ended by itself. */
  #gone = false;

  constructor(start: () => Promise<Child<Writable>>, options: LanguageClientOptions) {
    const started = async (): Promise<ChildProcess> => {
      const child = await start();
      this.#process = child;
      child.on("exit", (code, signal) => this.info(`The server's process has ended: ${signal ?? code}.`, undefined, false));
      return child;
    };
    super("coterie", "Coterie", started, options);
  }

  /** Stop the server in order, and end what is left of it: one that never answered cannot be asked, one that has ended by itself neither. */
  async leave(): Promise<void> {
    if (this.#gone) {
      await new Promise((noted) => setImmediate(noted)); // The language client notes the end only after whom it told of it.
    }
    try {
      await this.dispose();
    } catch (error) {
      if (this.#process !== undefined) {
        end(this.#process);
      }
      throw error;
    }
    if (this.#process !== undefined) {
      await ended(this.#process, GRACE_MS);
    }
  }

  /** Note that the server has ended by itself: what fails by that is no fault of its own, and its stack tells nothing. */
  lose(): void {
    this.#gone = true;
  }

  override error(message: string, data?: unknown): void {
    if (this.#gone) {
      super.info(data instanceof Error ? saying(message, data) : message, undefined, false);
    } else if (data instanceof ResponseError && data.code === LSPErrorCodes.RequestFailed) {
      super.warn(saying(message, data), undefined, false); // A refusal: whoever asked shows it, and its data has no words.
    } else {
      super.error(message, data, false);
    }
  }
}

function saying(message: string, { message: reason }: Error): string {
  return `${message.replace(/\.$/, "")}: ${reason}`;
}

/** A shared server that this window starts keeps a question for as many seconds as a window needs to load again. */
const PATIENT = { COTERIE_DAEMON_RETURN_S: "8" } as const;

/** Make a client whose server ends but once: `told` is called, and nothing is started again. */
export function clientOf(
  launch: Launch,
  context: ExtensionContext,
  log: LogOutputChannel,
  middleware: Middleware,
  told: (client: ServerClient) => void,
): ServerClient {
  const settings = (scope: ConfigurationScope | null = null): Record<string, unknown> => {
    const configuration = workspace.getConfiguration("coterie", scope);
    return collected(keysOf(context.extension.packageJSON), (name) => configuration.inspect(name));
  };
  const shared = workspace.getConfiguration("coterie").get("server.shared", true);
  const args = [...launch.args, ...(shared ? ["attach"] : ["serve", "--stdio"])];
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }, { notebook: "*" }],
    initializationOptions: () => settings(),
    outputChannel: log,
    traceOutputChannel: withoutKeys(log),
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        client.lose();
        told(client);
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    initializationFailedHandler: () => false,
    middleware: {
      ...middleware,
      workspace: {
        ...middleware.workspace,
        configuration: (params) =>
          params.items.map((item) => (item.section === "coterie" ? settings(item.scopeUri ? Uri.parse(item.scopeUri) : null) : null)),
      },
    },
  };
  const client: ServerClient = new ServerClient(
    () => talkedTo(launch.command, args, homeOf(context), { ...PATIENT, ...process.env }),
    options,
  );
  client.registerFeature(announcement);
  showMessagesOf(client);
  return client;
}

/** Say whether a start failed because the server was gone, and not because of what it answered, or that there is no such program. */
export function isOfItsEnd(error: unknown): boolean {
  return error instanceof ResponseError && ENDS.has(error.code);
}

const ENDS: ReadonlySet<number> = new Set([
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
  ErrorCodes.MessageWriteError,
  ErrorCodes.MessageReadError,
]);

/** Says that this client speaks `agent/*`: it is told of runs, and answers their questions. */
const announcement: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), coterie: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};
