// A list of texts that can be added to, taken from and put in another order.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { Json } from "../../src/protocol";
import { Icon } from "./marks";

interface Listed {
  /** The key of the setting; its field has the id `add-<name>`. */
  readonly name: string;
  readonly values: readonly string[];
  readonly placeholder: string;
  /** The id of a list that the field completes from. */
  readonly choices?: string;
  readonly change: (values: string[]) => void;
}

export function List({ name, values, placeholder, choices, change }: Listed): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const add = (event: Event): void => {
    event.preventDefault();
    const value = field.current?.value.trim() ?? "";
    if (value !== "" && !values.includes(value)) {
      change([...values, value]);
    }
    (event.currentTarget as HTMLFormElement).reset();
  };
  const remove = (value: string): void => {
    change(values.filter((each) => each !== value));
    // Its button goes with it, and the focus would be nowhere.
    field.current?.focus();
  };
  const up = (index: number): void =>
    change([...values.slice(0, index - 1), ...values.slice(index - 1, index + 1).reverse(), ...values.slice(index + 1)]);
  return (
    <div class="list">
      <ul>
        {values.map((value, index) => (
          <li key={value}>
            <code>{value}</code>
            {index > 0 && <IconButton icon="arrow-up" label={`Move ${value} up`} act={() => up(index)} />}
            <IconButton icon="close" label={`Remove ${value}`} act={() => remove(value)} />
          </li>
        ))}
      </ul>
      <form class="adding" onSubmit={add}>
        <input ref={field} class="input" id={`add-${name}`} type="text" placeholder={placeholder} aria-label={placeholder} list={choices} />
        <button class="button secondary" type="submit">
          Add
        </button>
      </form>
    </div>
  );
}

/** What a list of the settings holds. */
export function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

interface Pressed {
  readonly icon: string;
  readonly label: string;
  readonly act: () => void;
  /** For a button that is either on or off. */
  readonly on?: boolean;
}

/** A button that is a codicon, with its words for a screen reader and under the mouse. */
export function IconButton({ icon, label, act, on }: Pressed): JSX.Element {
  return (
    <button type="button" class="icon-button" title={label} aria-label={label} aria-pressed={on} onClick={act}>
      <Icon name={icon} />
    </button>
  );
}
