// Whether the extension and the server that was found speak alike: they come from one repository with one version, but are found apart. Pure.

/** How a server's version stands to the extension's where they may not understand each other; undefined: they do, or nobody can tell. */
export function strangeness(server: string, extension: string): "earlier" | "later" | undefined {
  const [theirs, ours] = [spoken(server), spoken(extension)];
  if (theirs === undefined || ours === undefined || theirs === ours) {
    return undefined;
  }
  return theirs < ours ? "earlier" : "later";
}

/** The part of a version that the protocol changes with: the first number, and before 1.0 the second. */
function spoken(version: string): number | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) {
    return undefined;
  }
  return major === "0" ? Number(minor) / 1_000_000 : Number(major);
}
