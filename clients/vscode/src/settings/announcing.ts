// What a screen reader is told when the state of the settings view changes: how a check ended, and that a model is there. Pure.

import type { SettingsState } from "../messages/settings";

/** Return the sentences, or "" when nothing ended between the two states. */
export function announcement(before: SettingsState | undefined, after: SettingsState): string {
  const checked = Object.entries(after.checks).flatMap(([provider, check]) =>
    before?.checks[provider] === "checking" && check !== "checking" ? [check.text] : [],
  );
  const ended = Object.keys(before?.installs ?? {}).filter((model) => !(model in after.installs));
  const there = ended.filter((model) => after.models.some(({ id }) => id === model || id === `${model}:latest`));
  return spoken([...checked, ...there.map((model) => `${model} is installed.`)].join(" "));
}

/** Return a sentence of the server's as it is said: what stands between backticks is shown in another font, and not said in another voice. */
export function spoken(text: string): string {
  return text.replaceAll("`", "");
}
