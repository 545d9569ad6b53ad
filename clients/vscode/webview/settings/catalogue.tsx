// All models that can be chosen, with a star for each favourite; where there are many, found by the words of their ids.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ModelView } from "../../src/protocol";
import type { Drawn } from "./context";
import { IconButton } from "./list";
import { Note } from "./rows";

/** So many can be looked through. */
const FEW = 20;

export function Catalogue({ context }: Drawn): JSX.Element {
  const { models } = context.state;
  const [query, type] = useState("");
  const words = query.toLowerCase().split(/\s+/);
  const shown = models.filter(({ id }) => words.every((word) => id.toLowerCase().includes(word))).sort(favouritesFirst);
  return (
    <>
      {models.length === 0 && <p class="muted">No provider has told of any.</p>}
      {models.length > FEW && (
        <div class="finding">
          <input
            class="input"
            type="search"
            placeholder="Find a model"
            aria-label="Find a model"
            value={query}
            onInput={(event) => type(event.currentTarget.value)}
          />
          <span class="muted" role="status">
            {shown.length === models.length ? `${models.length} models` : `${shown.length} of ${models.length}`}
          </span>
        </div>
      )}
      <ul class="plain models">
        {shown.map((model) => (
          <Model key={model.id} context={context} model={model} />
        ))}
      </ul>
    </>
  );
}

function favouritesFirst(one: ModelView, other: ModelView): number {
  return Number(other.favourite ?? false) - Number(one.favourite ?? false) || (one.id < other.id ? -1 : 1);
}

function Model({ context, model }: Drawn & { readonly model: ModelView }): JSX.Element {
  const favourite = model.favourite === true;
  const facts = [
    model.contextTokens == null ? undefined : `${Math.round(model.contextTokens / 1000)}k tokens`,
    model.capabilities.tools === false ? "no tools" : undefined,
    model.capabilities.local === true ? "local" : undefined,
    model.state === "available" ? undefined : model.state,
  ].filter((fact) => fact !== undefined);
  return (
    <li>
      <IconButton
        icon={favourite ? "star-full" : "star-empty"}
        label={`Favourite: ${model.id}`}
        on={favourite}
        act={() => context.post({ kind: "favourite", model: model.id, favourite: !favourite })}
      />
      <code>{model.id}</code>
      <span class="muted">{facts.join(", ")}</span>
      <Note context={context} at={`model ${model.id}`} />
    </li>
  );
}
