// The models in the order in which a person chooses among them: favourites, then host by host. Pure.

import type { ModelView } from "../protocol";

export type ModelRow =
  | { readonly kind: "heading"; readonly label: string }
  | { readonly kind: "model"; readonly model: ModelView; readonly about: string };

export function modelRows(models: readonly ModelView[]): readonly ModelRow[] {
  const installed = models.filter((model) => model.installed !== false);
  const favourites = installed.filter((model) => model.favourite === true);
  const others = installed.filter((model) => model.favourite !== true);
  const hosts = [...new Set(others.map((model) => model.provider))];
  const group = (label: string, of: readonly ModelView[]): readonly ModelRow[] =>
    of.length === 0
      ? []
      : [{ kind: "heading", label }, ...of.map((model) => ({ kind: "model" as const, model, about: aboutModel(model) }))];
  return [
    ...group("favourites", favourites),
    ...hosts.flatMap((host) =>
      group(
        host,
        others.filter((model) => model.provider === host),
      ),
    ),
  ];
}

/** Say in a few words what matters when one chooses: state, window, price. */
export function aboutModel(model: ModelView): string {
  const state = model.state === "available" || model.state === undefined ? "" : model.state;
  const context = model.contextTokens === null || model.contextTokens === undefined ? "" : `${Math.round(model.contextTokens / 1000)}k`;
  const { input, output } = model.price ?? {};
  const price = typeof input === "string" && typeof output === "string" ? `$${trimmed(input)} in, $${trimmed(output)} out` : "";
  return [state, context, price].filter((each) => each !== "").join(" · ");
}

function trimmed(usd: string): string {
  return String(Number(usd));
}
