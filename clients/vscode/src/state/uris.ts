// URIs as they are told apart. Pure.

/** Return a URI as it can be compared: what is escaped in it differs between editors and servers. */
export function uriKey(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

/** Return the folders of those files that have a path in common with another one, by their keys; nothing else tells such files apart. */
export function foldersOfNamesakes(files: readonly { readonly path: string; readonly uri: string }[]): ReadonlyMap<string, string> {
  const byPath = new Map<string, Map<string, string>>();
  for (const { path, uri } of files) {
    const key = uriKey(uri);
    byPath.set(path, (byPath.get(path) ?? new Map<string, string>()).set(key, rootOf(key, path)));
  }
  const found = new Map<string, string>();
  for (const roots of byPath.values()) {
    const names = [...roots.values()].map(nameOf);
    for (const [key, root] of roots.size > 1 ? roots : []) {
      const isOnly = names.filter((name) => name === nameOf(root)).length === 1;
      found.set(key, isOnly ? nameOf(root) : root.replace(/^file:\/\//, ""));
    }
  }
  return found;
}

function rootOf(key: string, path: string): string {
  return key.endsWith(`/${path}`) ? key.slice(0, -path.length - 1) : key;
}

function nameOf(root: string): string {
  return root.slice(root.lastIndexOf("/") + 1);
}
