// Requests and notifications of the `agent/*` protocol with their types. The one place that names the language client to send them.

import type { CancellationToken } from "vscode";
import { type BaseLanguageClient, LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import type { Commands, Notifications, Requests } from "../protocol";

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M]["params"];
export type Result<M extends Method> = Requests[M]["result"];
export type Notification = keyof Notifications;
export type Told<N extends Notification> = Notifications[N]["params"];

/** The code of what a person has cancelled: nothing that they have to be told. */
export const CANCELLED = "cancelled";

/** The server refused, and says what a person can do: `action` is a command that helps. */
export class Refusal extends Error {
  readonly code: string;
  readonly action: string | undefined;

  constructor(message: string, code: string, action: string | undefined) {
    super(message);
    this.code = code;
    this.action = action;
  }
}

export interface Wire {
  request<M extends Method>(method: M, params: Params<M>, token?: CancellationToken): Promise<Result<M>>;
  command<C extends keyof Commands>(command: C, argument: Commands[C]["argument"]): Promise<Commands[C]["result"]>;
}

/** Wrap a client. Every refusal of the server becomes a `Refusal`. */
export function wireOver(client: () => BaseLanguageClient | undefined): Wire {
  const send = async <R>(method: string, params: unknown, token?: CancellationToken): Promise<R> => {
    const running = client();
    if (running === undefined) {
      throw new Refusal("The Coterie server is not running.", "not_running", "coterie.restartServer");
    }
    try {
      return await (token === undefined ? running.sendRequest<R>(method, params) : running.sendRequest<R>(method, params, token));
    } catch (error) {
      throw refusalOf(error);
    }
  };
  return {
    request: (method, params, token) => send(method, params, token),
    command: (command, argument) => send("workspace/executeCommand", { command, arguments: [argument] }),
  };
}

/** Return what a failed request says, in words for a person. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof ResponseError) {
    const data: unknown = error.data;
    const field = (name: string): string | undefined => {
      const value = typeof data === "object" && data !== null ? (data as Record<string, unknown>)[name] : undefined;
      return typeof value === "string" ? value : undefined;
    };
    const code = error.code === LSPErrorCodes.RequestCancelled ? CANCELLED : (field("code") ?? String(error.code));
    return new Refusal(error.message, code, field("action"));
  }
  return error instanceof Refusal ? error : new Refusal(error instanceof Error ? error.message : String(error), "failed", undefined);
}
