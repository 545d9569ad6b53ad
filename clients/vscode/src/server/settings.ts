// What of VS Code's settings goes to the server: what somebody has set, never a default, so that the person's own `config.toml` stays
// what decides the rest. Keys of machine scope come from the user's settings alone, whatever a folder says. Pure.

/** What `WorkspaceConfiguration.inspect` says of a key. */
export interface Inspected {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** A key below `coterie.` that the extension contributes. */
export interface Key {
  readonly name: string;
  readonly machine: boolean;
}

/** Of the editor alone: the server has no such keys. */
const OWN = /^(server|trace|ui)\./;

/** Return the keys that `package.json` contributes and the server knows. */
export function keysOf(manifest: unknown): readonly Key[] {
  const groups = (manifest as { contributes?: { configuration?: { properties?: Record<string, { scope?: string }> }[] } }).contributes
    ?.configuration;
  return (groups ?? [])
    .flatMap((group) => Object.entries(group.properties ?? {}))
    .map(([id, { scope }]) => ({ name: id.replace(/^coterie\./, ""), machine: scope === "machine" }))
    .filter((key) => !OWN.test(key.name));
}

/** Return the settings object for the server. */
export function collected(keys: readonly Key[], inspect: (name: string) => Inspected | undefined): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const key of keys) {
    const found = inspect(key.name) ?? {};
    const value = key.machine ? found.globalValue : (found.workspaceFolderValue ?? found.workspaceValue ?? found.globalValue);
    if (value !== undefined) {
      place(settings, key.name.split("."), value);
    }
  }
  return settings;
}

function place(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path;
  if (first === undefined) {
    return;
  }
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  into[first] ??= {};
  place(into[first] as Record<string, unknown>, rest, value);
}
