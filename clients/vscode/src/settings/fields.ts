// From the server's settings and their schema to the fields of the view. Pure.

import type { Json, SettingsView } from "../protocol";

export type Control =
  | { readonly kind: "toggle" }
  | { readonly kind: "number"; readonly whole: boolean }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "list" }
  | { readonly kind: "text" };

export interface Field {
  /** Dotted, as the server takes it. */
  readonly key: string;
  readonly label: string;
  readonly doc: string;
  readonly control: Control;
  /** What holds; undefined: nothing is set and there is no default. */
  readonly value: Json | undefined;
  readonly origin: string;
  readonly lockedBy: string | undefined;
}

type Schema = { readonly [key: string]: Json | undefined };

/** Return the fields of a table of the settings, or the one field of a key that is no table. */
export function fieldsOf(view: SettingsView, name: string): readonly Field[] {
  const schema = resolved(object(object(view.jsonSchema["properties"])[name]), view);
  const properties = object(schema["properties"]);
  const keys = Object.keys(properties);
  if (keys.length === 0) {
    return [field(view, name, name, schema)];
  }
  return keys.map((key) => field(view, `${name}.${key}`, key, resolved(object(properties[key]), view)));
}

/** Return the field of a provider's address; undefined where none is set. */
export function addressOf(view: SettingsView, provider: string): Field | undefined {
  const key = `providers.${provider}.base_url`;
  const held = holding(view, key);
  return typeof held.value === "string" ? { key, label: "Address", doc: "", control: { kind: "text" }, ...held } : undefined;
}

/** Return a value as it holds, with where it comes from. */
export function holding(view: SettingsView, key: string): Pick<Field, "value" | "origin" | "lockedBy"> {
  const row = view.values.find((each) => each.key === key);
  return { value: row?.value, origin: row?.origin ?? "default", lockedBy: row?.lockedBy ?? undefined };
}

/** Return a list as one file says it; what the others add is not in it. */
export function ownList(view: SettingsView, key: string, folder: string | undefined): readonly string[] {
  const file = view.files.find((each) => (folder === undefined ? each.layer === "user" : each.folder === folder));
  const value = file?.values?.[key];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

/** What a person typed, as the value to set; null takes the key away. Undefined: it is no such value. */
export function parsed(control: Control, text: string): Json | undefined {
  const plain = text.trim();
  if (plain === "") {
    return null;
  }
  if (control.kind !== "number") {
    return plain;
  }
  const value = Number(plain);
  return Number.isFinite(value) && (!control.whole || Number.isInteger(value)) ? value : undefined;
}

/** Spell the names of layers for a person. */
export function originLabel(origin: string): string {
  const names: Readonly<Record<string, string>> = {
    default: "built in",
    vault: "vault",
    user: "your settings",
    project: "project",
    environment: "environment",
    editor: "VS Code's settings",
    "command line": "command line",
  };
  return origin
    .split(", ")
    .map((each) => names[each] ?? each)
    .join(", ");
}

/** Where the last part of a key says too little. */
const LABELS: Readonly<Record<string, string>> = {
  "budget.usd": "A run, in US dollars",
  "budget.tokens": "A run, in tokens",
  "budget.wall_s": "A run, in seconds",
  "budget.day_usd": "A day, in US dollars",
  "budget.day_tokens": "A day, in tokens",
  "budget.channel_usd": "A chat, in US dollars",
  "budget.channel_tokens": "A chat, in tokens",
  "cache.enabled": "Keep answers",
  "cache.max_age_h": "Keep answers for hours",
  "cache.max_mb": "Room for kept answers, in MB",
  "context.code_tokens": "Code that fits, in tokens",
  "context.map_tokens": "Map of the project, in tokens",
  model: "Default model",
  completion_model: "Model of ghost text",
  "review.mode": "When you look at edits",
  "retry.attempts": "Attempts of a call",
  "retry.base_ms": "First wait between attempts, in milliseconds",
  "retry.max_ms": "Longest wait between attempts, in milliseconds",
  "sandbox.level": "Confinement",
  "sandbox.network": "Network",
  "suggestions.enabled": "Suggest while typing",
  "suggestions.min_delay_ms": "Least wait after a key, in milliseconds",
  "tests.command": "Test command",
  "undo.keep_mb": "Room for what undos take away, in MB",
};

function field(view: SettingsView, key: string, name: string, schema: Schema): Field {
  const words = LABELS[key] ?? name.replaceAll("_", " ");
  const doc = typeof schema["description"] === "string" ? schema["description"] : "";
  return {
    key,
    label: words.charAt(0).toUpperCase() + words.slice(1),
    doc: doc.charAt(0).toUpperCase() + doc.slice(1),
    control: controlOf(schema),
    ...holding(view, key),
  };
}

function controlOf(schema: Schema): Control {
  const choices = schema["anyOf"];
  if (Array.isArray(choices)) {
    const some = choices.map(object).filter((each) => each["type"] !== "null");
    // Money is also read from a string, which no person has to know.
    return controlOf(some.find((each) => each["type"] === "number") ?? some[0] ?? {});
  }
  if (Array.isArray(schema["enum"])) {
    return { kind: "choice", choices: schema["enum"].map(String) };
  }
  switch (schema["type"]) {
    case "boolean":
      return { kind: "toggle" };
    case "integer":
    case "number":
      return { kind: "number", whole: schema["type"] === "integer" };
    case "array":
      return { kind: "list" };
    default:
      return { kind: "text" };
  }
}

function resolved(schema: Schema, view: SettingsView): Schema {
  const reference = schema["$ref"];
  if (typeof reference !== "string") {
    return schema;
  }
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return { ...object(object(view.jsonSchema["$defs"])[name]), ...schema, $ref: undefined };
}

function object(value: Json | undefined): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
