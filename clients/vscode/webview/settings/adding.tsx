// The form for a new host of models. What is in it stays until the host is saved; then the form is empty and closed.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SettingsView } from "../../src/protocol";
import { typeWords } from "../../src/settings/words";
import { type Drawn, set } from "./context";
import { Note } from "./rows";

export function Adding({ context }: Drawn): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  // Undefined: the person has neither opened nor closed it.
  const [opened, open] = useState<boolean>();
  // The key that was sent last, whose refusal is shown here, and how often it had been saved by then.
  const [sent, send] = useState({ key: "providers", saved: 0 });
  const isSaved = context.saved(sent.key) > sent.saved;
  useEffect(() => {
    if (isSaved) {
      form.current?.reset();
      open(false);
    }
  }, [isSaved]);
  const isOpen = opened ?? context.state.providers.length === 0;
  const toggle = (event: Event): void => {
    event.preventDefault();
    open(!isOpen);
  };
  const add = (event: Event): void => {
    event.preventDefault();
    const entered = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(entered.get(name) ?? "").trim();
    const key = `providers.${text("name")}`;
    send({ key, saved: context.saved(key) });
    set({ ...context, folder: undefined }, key, { type: text("type"), ...(text("url") === "" ? {} : { base_url: text("url") }) });
  };
  return (
    <details class="card adder" open={isOpen}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button. */}
      <summary onClick={toggle}>Add a Provider</summary>
      <form ref={form} class="grid" onSubmit={add}>
        <label for="new-provider">Name</label>
        <input
          class="input"
          id="new-provider"
          name="name"
          type="text"
          placeholder="work"
          required
          pattern="\s*[A-Za-z0-9][\w\-]*\s*"
          title="Letters, digits, - and _."
        />
        <label for="new-type">Type</label>
        <select class="input" id="new-type" name="type">
          {typesOf(context.settings).map((type) => (
            <option key={type} value={type}>
              {typeWords(type)}
            </option>
          ))}
        </select>
        <label for="new-url">Address</label>
        <input class="input" id="new-url" name="url" type="text" placeholder="http://127.0.0.1:8080/v1" />
        <span />
        <button class="button" type="submit">
          Add
        </button>
      </form>
      <p class="doc">The name stands before the slash of its models: name/model. Its key is asked for afterwards and kept in the vault.</p>
      <Note context={context} at={sent.key} />
    </details>
  );
}

function typesOf({ jsonSchema }: SettingsView): readonly string[] {
  const definitions = jsonSchema["$defs"] as { ProviderSettings?: { properties?: { type?: { enum?: string[] } } } } | undefined;
  return definitions?.ProviderSettings?.properties?.type?.enum ?? [];
}
