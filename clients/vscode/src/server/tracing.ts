// What of the conversation with the server the log may hold, where a person has switched its trace on: all but keys. The language client
// writes it line by line, in text or, where the setting says so, as JSON. Pure.

import type { LogOutputChannel } from "vscode";
import type { Requests } from "../protocol";

/** The requests whose params hold what nobody may read. */
const SECRET: readonly (keyof Requests)[] = ["agent/key/set"];

const AS_JSON = '{"isLSPMessage":true,';

/** Return the log as the language client may trace into it. */
export function withoutKeys(log: LogOutputChannel): LogOutputChannel {
  const trace: LogOutputChannel["trace"] = (line, ...more) => log.trace(cleaned(line), ...more);
  return Object.create(log, { trace: { value: trace, enumerable: true } });
}

/** Return what is written of a message: of one that holds a key, that it was said. */
export function cleaned(line: string): string {
  if (line.startsWith(AS_JSON)) {
    return JSON.stringify(JSON.parse(line), (_name, value: unknown) => (isSecret(value) ? { ...value, params: undefined } : value));
  }
  return SECRET.some((method) => line.includes(`'${method} - `)) ? (line.split("\n", 1)[0] ?? "") : line;
}

function isSecret(value: unknown): value is { readonly method: string } {
  return typeof value === "object" && value !== null && "method" in value && SECRET.some((method) => method === value.method);
}
