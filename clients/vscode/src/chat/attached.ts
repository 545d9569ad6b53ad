// What went along with a message that was sent, as a chat shows it: by name, with the place that it leads to. Pure.

import type { Attached } from "../protocol";

export interface AttachedItem {
  readonly label: string;
  /** What of it went along, where that is not the whole. */
  readonly part: string | undefined;
  /** The path that it leads to, if it is a file. */
  readonly path: string | undefined;
}

export function attachedItem({ label, uri, excerpt }: Attached): AttachedItem {
  const part = (excerpt ?? "").trim().replace(/:$/, "");
  return { label, part: part === "" ? undefined : part, path: typeof uri === "string" ? pathOf(uri) : undefined };
}

/** Return what stands for a file of which only the path is known, and for a text without one. */
export function attachedPath(path: string | undefined): AttachedItem {
  return { label: path?.split("/").at(-1) ?? "text", part: undefined, path };
}

function pathOf(uri: string): string | undefined {
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/]*(\/[^?#]*)/i.exec(uri)?.[1];
  try {
    return path === undefined ? undefined : decodeURIComponent(path);
  } catch {
    return path;
  }
}
