// Who answers in a chat: an agent with a model, or a whole workflow. Pure.

import type { AgentView, Channel } from "../protocol";

/** What a person chose; undefined: what the settings say. */
export interface Choice {
  readonly agent: string | undefined;
  readonly model: string | undefined;
  /** Set instead of an agent: the run is the workflow's. */
  readonly workflow: string | undefined;
}

export const DEFAULT_AGENT = "chat";

export function choiceOf(channel: Channel | undefined): Choice {
  return { agent: channel?.agent ?? undefined, model: channel?.model ?? undefined, workflow: undefined };
}

export interface Answerer {
  readonly agent: string;
  readonly model: string;
  /** Nobody can answer: there is no model to be had. */
  readonly needsModel: boolean;
}

/** Say in words who answers; `agents` are undefined as long as the server has not told them. */
export function answererOf(choice: Choice, agents: readonly AgentView[] | undefined): Answerer {
  const chosen = agents?.find((agent) => agent.id === (choice.agent ?? DEFAULT_AGENT));
  const model = choice.model ?? chosen?.model ?? undefined;
  const name = choice.workflow ?? choice.agent ?? DEFAULT_AGENT;
  return {
    agent: name.charAt(0).toUpperCase() + name.slice(1),
    model:
      choice.workflow !== undefined && choice.model === undefined ? "each its own" : model === undefined ? "No model" : shortModel(model),
    needsModel: agents !== undefined && choice.workflow === undefined && model === undefined,
  };
}

/** A model's id without its host: what a person tells models apart by. */
function shortModel(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}
