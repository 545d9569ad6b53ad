// Asks programs which version of Coterie they are.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Probe } from "./locate";

/** The first start through `uvx` installs what the server needs. */
const TIMEOUT_MS = 180_000;

/** Return a probe that starts programs in a folder: one where nothing lies that they could take for theirs. */
export function probeFrom(folder: string): Probe {
  return (command, args) => {
    if (isAbsolute(command) && !existsSync(command)) {
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      execFile(command, [...args, "version"], { cwd: folder, timeout: TIMEOUT_MS, windowsHide: true }, (error, stdout) => {
        const version = /\d+\.\d+\S*/.exec(stdout)?.[0];
        resolve(error === null ? version : undefined);
      });
    });
  };
}
