// Has a host fetch a model by its name (no host can be asked what there is to fetch), and shows how far that is.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Drawn } from "./context";
import { Icon } from "./marks";
import { Note } from "./rows";

export function Installing({ context }: Drawn): JSX.Element {
  const hosts = context.state.providers.filter((provider) => provider.capabilities.install === true && provider.state !== "disconnected");
  const [name, type] = useState("");
  const [chosen, choose] = useState<string>();
  // The model that was asked for last, whose refusal is shown beside the form.
  const [asked, ask] = useState("");
  if (hosts.length === 0) {
    return <p class="muted">No provider here can fetch models. Ollama can, once it runs on a machine of yours.</p>;
  }
  const host = hosts.some(({ id }) => id === chosen) ? chosen : hosts[0]?.id;
  const install = (event: Event): void => {
    event.preventDefault();
    if (name.trim() !== "") {
      const model = `${host}/${name.trim()}`;
      ask(model);
      type("");
      context.post({ kind: "install", model });
    }
  };
  return (
    <>
      <ul class="plain">
        {Object.entries(context.state.installs).map(([model, progress]) => (
          <li key={model}>
            <Icon name="loading codicon-modifier-spin" />
            <code>{model}</code>
            <span class="muted">{progress}</span>
            <button
              type="button"
              class="button secondary"
              aria-label={`Cancel ${model}`}
              onClick={() => context.post({ kind: "cancel_install", model })}
            >
              Cancel
            </button>
          </li>
        ))}
      </ul>
      <form class="adding" onSubmit={install}>
        <select class="input short" aria-label="Host that fetches it" value={host} onChange={(event) => choose(event.currentTarget.value)}>
          {hosts.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
        <input
          class="input"
          type="text"
          placeholder="qwen2.5-coder:7b"
          aria-label="Name of the model to install"
          value={name}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button class="button secondary" type="submit">
          Install
        </button>
      </form>
      <Note context={context} at={`model ${asked}`} />
    </>
  );
}
