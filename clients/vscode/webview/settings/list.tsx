// A list of texts that can be added to, taken from and put in another order.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Json } from "../../src/protocol";
import type { Context } from "./context";
import { useSent } from "./draft";
import { Icon } from "./marks";

interface Listed {
  readonly context: Context;
  /** The key of the setting; its field has the id `add-<name>`. */
  readonly name: string;
  readonly values: readonly string[];
  readonly placeholder: string;
  /** The id of a list that the field completes from. */
  readonly choices?: string;
  readonly change: (values: string[]) => void;
}

export function List(listed: Listed): JSX.Element {
  // Each file has a list of its own: what was sent for one is not shown for another.
  return <Texts key={listed.context.folder ?? ""} {...listed} />;
}

function Texts({ context, name, values: stored, placeholder, choices, change }: Listed): JSX.Element {
  const { value: values, send } = useSent(stored, context.settled(name), (next) => change([...next]));
  const moved = useRef<HTMLButtonElement | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const add = (event: Event): void => {
    event.preventDefault();
    const value = field.current?.value.trim() ?? "";
    if (value !== "" && !values.includes(value)) {
      send((before) => [...before, value]);
    }
    (event.currentTarget as HTMLFormElement).reset();
  };
  const remove = (value: string): void => {
    send((before) => before.filter((each) => each !== value));
    // Its button goes with it, and the focus would be nowhere.
    field.current?.focus();
  };
  const up = (value: string, button: HTMLButtonElement): void => {
    moved.current = button;
    send((before) => raised(before, value));
  };
  // An element that is put elsewhere loses the focus.
  useLayoutEffect(() => {
    moved.current?.focus();
    moved.current = undefined;
  });
  return (
    <div class="list">
      <ul>
        {values.map((value, index) => (
          <li key={value}>
            <code>{value}</code>
            <IconButton icon="arrow-up" label={`Move ${value} up`} off={index === 0} act={(button) => up(value, button)} />
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

/** Put a text before the one that it follows. */
function raised(values: readonly string[], value: string): readonly string[] {
  const index = values.indexOf(value);
  return index < 1 ? values : [...values.slice(0, index - 1), value, values[index - 1] ?? "", ...values.slice(index + 1)];
}

/** What a list of the settings holds. */
export function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

interface Pressed {
  readonly icon: string;
  readonly label: string;
  readonly act: (button: HTMLButtonElement) => void;
  /** It does nothing where it is, but keeps its place and the focus. */
  readonly off?: boolean;
  /** For a button that is either on or off. */
  readonly on?: boolean;
}

/** A button that is a codicon, with its words for a screen reader and under the mouse. */
export function IconButton({ icon, label, act, off = false, on }: Pressed): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      title={label}
      aria-label={label}
      aria-pressed={on}
      aria-disabled={off || undefined}
      onClick={(event) => off || act(event.currentTarget)}
    >
      <Icon name={icon} />
    </button>
  );
}
