// What a link in an answer points at. Pure.

export interface Target {
  readonly web: string | undefined;
  readonly path: string | undefined;
  /** Counts from 1. */
  readonly line: number | undefined;
}

const WEB = /^(?:https?|mailto):/i;
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;
const AT_LINE = /(?:#L|:)(\d+)(?:[-:]L?\d+)*$/;

/** Read a target: a web page, or a path with a line as `calc.py:3` or `calc.py#L3`. Other schemes point at nothing. */
export function readTarget(target: string): Target {
  const nothing = { web: undefined, path: undefined, line: undefined };
  if (WEB.test(target)) {
    return { ...nothing, web: target };
  }
  const line = AT_LINE.exec(target);
  const path = decoded(line === null ? target.replace(/#.*$/, "") : target.slice(0, line.index));
  const isPath = path !== undefined && path !== "" && !SCHEME.test(path);
  return isPath ? { ...nothing, path, line: line === null ? undefined : Number(line[1]) } : nothing;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
