// What stands around a conversation, put together from all who know a part of it. Pure.

import type { Surroundings } from "../messages/chat";
import type { AgentView, Channel } from "../protocol";
import { phaseOf, type ServerState } from "../server/state";
import type { Run } from "../state/run";
import { answererOf, type Choice } from "./answerer";

export interface Parts {
  readonly channelId: string | undefined;
  /** Undefined: it is not listed yet, or there is none. */
  readonly channel: Channel | undefined;
  readonly choice: Choice;
  readonly agents: readonly AgentView[] | undefined;
  readonly server: ServerState["kind"];
  /** The run that goes on. */
  readonly run: Run | undefined;
  /** Whether it was asked to stop. */
  readonly isStopping: boolean;
  readonly ended: string | undefined;
  readonly spent: string;
  readonly hasOlder: boolean;
}

export function surroundingsOf({
  channelId,
  channel,
  choice,
  agents,
  server,
  run,
  isStopping,
  ended,
  spent,
  hasOlder,
}: Parts): Surroundings {
  return {
    channelId,
    title: channel?.title ?? "New Chat",
    ...answererOf(choice, agents),
    spent,
    activity: activityOf(run, isStopping),
    ended,
    server: phaseOf(server),
    isArchived: channel?.state === "archived",
    hasOlder,
  };
}

function activityOf(run: Run | undefined, isStopping: boolean): Surroundings["activity"] {
  if (run === undefined) {
    return "idle";
  }
  if (isStopping) {
    return "stopping";
  }
  return run.state === "queued" || run.state === "waiting" ? run.state : "running";
}
