// Which models do what. `catalogue.tsx` has all that can be chosen, `installing.tsx` fetches others.

import type { JSX } from "preact";
import { fieldsOf } from "../../src/settings/fields";
import { Catalogue } from "./catalogue";
import { type Drawn, set } from "./context";
import { Installing } from "./installing";
import { List, textsOf } from "./list";
import { Prose } from "./marks";
import { Note, Row, Target } from "./rows";

/** The id of the list that model fields complete from. */
export const CHOICES = "model-choices";

export function Models({ context }: Drawn): JSX.Element {
  const { settings } = context;
  const roles = ["model", "small_model", "completion_model"].flatMap((key) => fieldsOf(settings, key));
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
      <Catalogue context={context} />
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
