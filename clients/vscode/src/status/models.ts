// Choosing another model for one of the roles that the settings have, from all that the hosts offer, favourites first.

import { type QuickPickItem, ThemeIcon, window } from "vscode";
import { unlinked } from "../notices";
import { picked } from "../picking";
import type { ModelView } from "../protocol";
import type { Session } from "../session";
import { holding, originLabel } from "../settings/fields";

interface Choice extends QuickPickItem {
  readonly value: string;
}

const NONE: Choice = { label: "The project alone", description: "no model is asked", value: "none" };

/** Let the person choose, and write it to their settings; say so when another layer decides all the same. */
export async function switchModel(session: Session, key: "model" | "completion_model", does: string): Promise<void> {
  const [{ models }, settings] = await Promise.all([
    session.wire.request("agent/model/list", {}),
    session.wire.request("agent/settings/get", {}),
  ]);
  const current = holding(settings, key).value;
  const rows = models.filter((model) => model.installed !== false).sort(favouritesFirst);
  const unlisted =
    typeof current === "string" && current !== NONE.value && !rows.some(({ id }) => id === current)
      ? [{ label: current, description: "current", value: current }]
      : [];
  const none = key === "completion_model" ? [NONE] : [];
  const choices: readonly Choice[] = [...none, ...unlisted, ...rows.map((model) => choice(model, model.id === current))];
  const chosen = await picked(choices, ({ value }) => value === current, {
    title: "Switch the Model",
    placeholder: `Which model ${does}?`,
  });
  if (chosen === undefined) {
    return;
  }
  const { now } = await session.wire.request("agent/settings/set", { key, value: chosen.value });
  const holds = now.find((row) => row.key === key);
  if (holds?.lockedBy != null) {
    void window.showWarningMessage(
      unlinked(
        `${chosen.value} is written to your settings, but what holds is ${String(holds.value)}: ${originLabel(holds.lockedBy)} decides.`,
      ),
    );
  }
}

function favouritesFirst(one: ModelView, other: ModelView): number {
  return Number(other.favourite ?? false) - Number(one.favourite ?? false) || (one.id < other.id ? -1 : 1);
}

function choice(model: ModelView, current: boolean): Choice {
  const facts = [
    current ? "current" : undefined,
    model.contextTokens == null ? undefined : `${Math.round(model.contextTokens / 1000)}k tokens`,
  ];
  return {
    label: model.id,
    description: facts.filter((fact) => fact !== undefined).join(", "),
    ...(model.favourite === true ? { iconPath: new ThemeIcon("star-full") } : {}),
    value: model.id,
  };
}
