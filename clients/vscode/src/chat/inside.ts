// Whether what a path names lies in the open folders once its links are followed: a repository may hold a link to anywhere.

import { lstat, realpath } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";

/** Say whether a file that is there, or would be made, is in one of the folders. A link to nothing leads out: what it names cannot be told. */
export async function isInside(path: string, folders: readonly string[]): Promise<boolean> {
  const real = await realPlace(path);
  const roots = await Promise.all(folders.map((folder) => realPlace(folder)));
  return real !== undefined && roots.some((root) => root !== undefined && !leadsOut(relative(root, real)));
}

function leadsOut(way: string): boolean {
  return way === ".." || way.startsWith(`..${sep}`) || /^(?:[A-Za-z]:|[\\/])/.test(way);
}

/** Return where a path leads: of one that is not there, where the nearest folder above it does. */
async function realPlace(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(path);
    return above === path || (await isThere(path)) ? undefined : realPlace(above);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
