// The hosts of models: how each is, and its key. `adding.tsx` is the form for a new one.

import type { JSX } from "preact";
import type { ProviderView, SettingsView } from "../../src/protocol";
import { addressOf, fieldsOf } from "../../src/settings/fields";
import { STATE_WORDS, typeWords } from "../../src/settings/words";
import { Adding } from "./adding";
import { type Drawn, set } from "./context";
import { IconButton } from "./list";
import { Icon, Prose } from "./marks";
import { Note, Row, Rows } from "./rows";

const ICONS: Readonly<Record<ProviderView["state"], string>> = {
  ready: "pass-filled",
  unknown: "question",
  auth_required: "key",
  down: "error",
  disconnected: "debug-disconnect",
};
const ORIGINS = { settings: "from the settings", environment: "from the environment", found: "found on this machine" } as const;

export function Providers({ context }: Drawn): JSX.Element {
  const { providers } = context.state;
  return (
    <>
      {providers.length === 0 && (
        <div class="none">
          <p class="muted">
            None yet. Start Ollama or another server on this machine, log in to the claude command line, or add one below.
          </p>
          <button type="button" class="button" onClick={() => context.post({ kind: "command", command: "coterie.models.find" })}>
            Find Models on This Machine
          </button>
        </div>
      )}
      {providers.map((provider) => (
        <Provider key={provider.id} context={context} provider={provider} />
      ))}
      <Adding context={context} />
      <Vault context={context} />
      <Rows context={context} fields={fieldsOf(context.settings, "discovery")} />
    </>
  );
}

function Provider({ context, provider }: Drawn & { readonly provider: ProviderView }): JSX.Element {
  const { id } = provider;
  const { state, settings, post } = context;
  const check = state.checks[id];
  const checking = check === "checking";
  const shown = check === undefined || checking ? provider.state : check.state;
  const text = check === undefined || checking ? (provider.error ?? "") : check.text;
  const disconnected = provider.state === "disconnected";
  const isOwn = isTheirs(settings, id);
  const hasKey = state.keys.some((key) => key.provider === id);
  const button = (label: string, act: () => void): JSX.Element => (
    <button type="button" class="button secondary" onClick={act}>
      {label}
    </button>
  );
  return (
    <section class="card" aria-label={id}>
      <div class="card-head">
        <span class={`state ${shown}`}>
          <Icon name={checking ? "loading codicon-modifier-spin" : ICONS[shown]} />
        </span>
        <h2>{id}</h2>
        <span class="muted">{`${typeWords(provider.type)}, ${ORIGINS[provider.origin ?? "settings"]}`}</span>
      </div>
      <p class="state-text">
        <Prose text={checking ? "Checking…" : text || `It is ${STATE_WORDS[shown]}.`} />
      </p>
      {isOwn && <Address context={context} provider={provider} />}
      <div class="actions">
        {button("Check", () => post({ kind: "check", provider: id }))}
        {provider.type === "claude_code"
          ? button("Check the Login", () => post({ kind: "command", command: "coterie.checkClaudeCode" }))
          : button(hasKey ? "Replace the Key" : "Enter a Key", () => post({ kind: "enter_key", provider: id }))}
        {button(disconnected ? "Connect" : "Disconnect", () => post({ kind: "connect", provider: id, connect: disconnected }))}
        {isOwn && button("Remove", () => set({ ...context, folder: undefined }, `providers.${id}`, null))}
      </div>
      <Note context={context} at={`provider ${id}`} />
      <Note context={context} at={`providers.${id}`} />
    </section>
  );
}

/** Say whether a provider is the person's: one of a project stands in the project's own file, which is not written from here. */
function isTheirs({ files }: SettingsView, id: string): boolean {
  return files.some(({ layer, values }) => layer === "user" && Object.keys(values ?? {}).some((key) => key.startsWith(`providers.${id}.`)));
}

function Address({ context, provider: { id } }: Drawn & { readonly provider: ProviderView }): JSX.Element | null {
  const address = addressOf(context.settings, id);
  return address === undefined ? null : <Row context={{ ...context, folder: undefined }} field={address} />;
}

function Vault({ context }: Drawn): JSX.Element | null {
  if (context.state.keys.length === 0) {
    return null;
  }
  return (
    <>
      <h2>Keys in the Vault</h2>
      <ul class="plain">
        {context.state.keys.map(({ name, reference, updatedAt }) => (
          <li key={name}>
            <Icon name="key" />
            <code>{reference}</code>
            <span class="muted">{new Date(updatedAt).toLocaleDateString()}</span>
            <IconButton icon="trash" label={`Delete the key ${name}`} act={() => context.post({ kind: "delete_key", name })} />
            <Note context={context} at={`key ${name}`} />
          </li>
        ))}
      </ul>
    </>
  );
}
