// What of the conversation with the server the log may hold, where a person has switched its trace on: all but keys. Pure.

import type { Requests } from "../protocol";

/** The requests whose params hold what nobody may read. */
const SECRET: readonly (keyof Requests)[] = ["agent/key/set"];

/** Return what goes with a line of the trace; nothing where it would hold a key. `line` is as the language client words it. */
export function traced(line: string, data: unknown): unknown {
  return SECRET.some((method) => line.includes(`'${method} - `)) ? undefined : data;
}
