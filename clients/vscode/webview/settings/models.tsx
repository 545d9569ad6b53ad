// Which models do what, and the favourites among all that can be chosen. `installing.tsx` fetches others.

import type { JSX } from "preact";
import type { ModelView } from "../../src/protocol";
import { fieldsOf } from "../../src/settings/fields";
import { type Drawn, set } from "./context";
import { Installing } from "./installing";
import { IconButton, List, textsOf } from "./list";
import { Prose } from "./marks";
import { Note, Row, Target } from "./rows";

/** The id of the list that model fields complete from. */
export const CHOICES = "model-choices";

export function Models({ context }: Drawn): JSX.Element {
  const { state, settings } = context;
  const roles = ["model", "small_model", "completion_model"].flatMap((key) => fieldsOf(settings, key));
  const shown = [...state.models].sort((a, b) => Number(b.favourite ?? false) - Number(a.favourite ?? false) || (a.id < b.id ? -1 : 1));
  return (
    <>
      <Choices context={context} />
      <Target context={context} />
      {roles.map((field) => (
        <Row key={field.key} context={context} field={field} choices={CHOICES} />
      ))}
      {fieldsOf(settings, "fallbacks").map((field) => (
        <div key={field.key} class="row">
          <div class="row-head">
            <label for={`add-${field.key}`}>{field.label}</label>
          </div>
          <p class="doc">
            <Prose text={`${field.doc}.`} />
          </p>
          <List
            context={context}
            name={field.key}
            values={textsOf(field.value)}
            placeholder="Add a model"
            choices={CHOICES}
            change={(values) => set(context, field.key, values)}
          />
          <Note context={context} at={field.key} />
        </div>
      ))}
      <h2>All Models</h2>
      {shown.length === 0 && <p class="muted">No provider has told of any.</p>}
      <ul class="plain models">
        {shown.map((model) => (
          <Model key={model.id} context={context} model={model} />
        ))}
      </ul>
      <h2>Install</h2>
      <Installing context={context} />
    </>
  );
}

/** The list of models that fields complete from. */
export function Choices({ context }: Drawn): JSX.Element {
  return (
    <datalist id={CHOICES}>
      {context.state.models.map(({ id }) => (
        <option key={id} value={id} />
      ))}
    </datalist>
  );
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
