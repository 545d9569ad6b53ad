// How providers are spoken of: in the settings view, where one is chosen, and when they are looked for. Pure.

import type { ProviderView } from "../protocol";

export const STATE_WORDS: Readonly<Record<ProviderView["state"], string>> = {
  ready: "ready",
  unknown: "not asked yet",
  auth_required: "without a key or login",
  down: "not reachable",
  disconnected: "disconnected",
};

export function typeWords(type: string): string {
  return type.replaceAll("_", " ");
}

/** Say which providers there are, those that answer first. */
export function foundWords(providers: readonly Pick<ProviderView, "id" | "state">[]): string {
  if (providers.length === 0) {
    return "Nothing was found: no key in the environment, no claude command line, and no server of models on this machine.";
  }
  const ready = providers.filter(({ state }) => state === "ready").map(({ id }) => id);
  const others = providers.filter(({ state }) => state !== "ready").map(({ id, state }) => `${id} is ${STATE_WORDS[state]}.`);
  const answer = ready.length === 0 ? [] : [`${new Intl.ListFormat("en").format(ready)} ${ready.length === 1 ? "answers" : "answer"}.`];
  return [...answer, ...others].join(" ");
}
