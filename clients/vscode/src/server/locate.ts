// Which program is the server: the one that the settings name, else the first that answers of the active Python environment, the PATH, the
// extension's own environment, and `uvx` with the wheel that comes with the extension. Pure but for the `Probe`.

import { basename, delimiter, join } from "node:path";

export type Source = "settings" | "environment" | "path" | "own" | "uvx";

/** How the server is started: the program, and what stands before `attach` or `serve`. */
export interface Launch {
  readonly source: Source;
  readonly command: string;
  readonly args: readonly string[];
  /** The version of the server that the extension comes with, where it has installed another one earlier. */
  readonly brings?: string;
}

/** Say whether two starts are of one program. */
export function isSame(one: Launch, other: Launch | undefined): boolean {
  return JSON.stringify([one.command, ...one.args]) === JSON.stringify([other?.command, ...(other?.args ?? [])]);
}

/** Where to look. */
export interface Places {
  /** What `coterie.server.command` says; empty: nothing. */
  readonly setting: readonly string[];
  /** The Python program of the active environment; none where the folder is not trusted, for it may be the folder's own. */
  readonly python: string | undefined;
  readonly path: string;
  /** The program in the extension's own environment, whether it is there or not; undefined: it has none. */
  readonly own: string | undefined;
  /** The wheel in the extension. */
  readonly wheel: string | undefined;
  readonly windows: boolean;
}

/** Says which version a program is, or undefined when it is none of ours or does not start. */
export type Probe = (command: string, args: readonly string[]) => Promise<string | undefined>;

/** Return the server to start, or undefined when there is none yet. */
export async function locate(places: Places, probe: Probe): Promise<Launch | undefined> {
  const [named, ...args] = places.setting;
  if (named !== undefined) {
    // Said by a person: another one in its place would hide that it does not work.
    return { source: "settings", command: named, args };
  }
  for (const launch of candidates(places)) {
    const version = await probe(launch.command, launch.args);
    if (version !== undefined) {
      const brings = launch.source === "own" ? versionOf(places.wheel) : undefined;
      return brings === undefined || brings === version ? launch : { ...launch, brings };
    }
  }
  return undefined;
}

/** Return what may be a server, in the order in which it is tried. */
export function candidates(places: Places): readonly Launch[] {
  const program = places.windows ? "coterie.exe" : "coterie";
  const found: Launch[] = [];
  if (places.python !== undefined) {
    found.push({ source: "environment", command: places.python, args: ["-m", "coterie"] });
  }
  // Only whole paths: a relative one would be looked for in the folder that is open.
  const folders = places.path.split(delimiter).filter((each) => each.startsWith("/") || /^[A-Za-z]:[\\/]/.test(each));
  for (const folder of folders) {
    found.push({ source: "path", command: join(folder, program), args: [] });
  }
  if (places.own !== undefined) {
    found.push({ source: "own", command: places.own, args: [] });
  }
  if (places.wheel !== undefined) {
    // From the wheel, never by the bare name: an index could give anybody's package of that name.
    for (const folder of folders) {
      found.push({ source: "uvx", command: join(folder, places.windows ? "uvx.exe" : "uvx"), args: ["--from", places.wheel, "coterie"] });
    }
  }
  return found;
}

/** Return the version that the name of a wheel says. */
function versionOf(wheel: string | undefined): string | undefined {
  return wheel === undefined ? undefined : /^[^-]+-([^-]+)-/.exec(basename(wheel))?.[1];
}
