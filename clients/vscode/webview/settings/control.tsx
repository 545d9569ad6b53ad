// The control of a field, by what its values are. What is typed is held as a draft until it is saved.

import type { JSX } from "preact";
import { type Field, parsed } from "../../src/settings/fields";
import { type Drawn, set } from "./context";
import { useDraft } from "./draft";
import { List, textsOf } from "./list";

export interface Fielded extends Drawn {
  readonly field: Field;
  /** The id of a list that a text is completed from. */
  readonly choices?: string;
  readonly placeholder?: string;
}

/** The id that the label of a field is for. */
export function idOf({ key, control }: Field): string {
  return `${control.kind === "list" ? "add" : "field"}-${key}`;
}

/** What a value is changed with. */
export function Control(of: Fielded): JSX.Element {
  const { context, field } = of;
  const id = idOf(field);
  const described = field.doc === "" ? undefined : `${id}-doc`;
  switch (field.control.kind) {
    case "toggle":
      return (
        <input
          id={id}
          type="checkbox"
          checked={field.value === true}
          aria-describedby={described}
          onChange={(event) => set(context, field.key, event.currentTarget.checked)}
        />
      );
    case "choice":
      return (
        <select
          id={id}
          class="input"
          value={String(field.value)}
          aria-describedby={described}
          onChange={(event) => set(context, field.key, event.currentTarget.value)}
        >
          {field.control.choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      );
    case "list":
      return (
        <List
          context={context}
          name={field.key}
          values={textsOf(field.value)}
          placeholder={`Add to ${field.label.toLowerCase()}`}
          change={(values) => set(context, field.key, values)}
        />
      );
    case "number":
    case "text":
      return <Entry {...of} />;
  }
}

function Entry({ context, field, choices, placeholder }: Fielded): JSX.Element {
  const { control, key, value } = field;
  const draft = useDraft(value === undefined || value === null ? "" : String(value), context.saved(key));
  const send = (event: Event): void => {
    const input = event.currentTarget as HTMLInputElement;
    const entered = parsed(control, input.value);
    input.setCustomValidity(entered === undefined ? "A number, please." : "");
    if (entered === undefined) {
      input.reportValidity();
    } else {
      draft.send();
      set(context, key, entered);
    }
  };
  return (
    <input
      id={idOf(field)}
      class={`input ${control.kind === "number" ? "short" : ""}`}
      type="text"
      value={draft.text}
      placeholder={placeholder ?? "not set"}
      list={choices}
      aria-describedby={field.doc === "" ? undefined : `${idOf(field)}-doc`}
      onInput={(event) => {
        event.currentTarget.setCustomValidity("");
        draft.type(event.currentTarget.value);
      }}
      onChange={send}
    />
  );
}
