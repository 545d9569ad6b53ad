// Where hunks stand in a text, how that follows what a person types, and the text without them. Pure.

import type { OpenHunk, PlacedHunk } from "../state/reviews";

/** A hunk in a text. Lines count from 0; none of them: it took lines away, before this one. */
export interface Placed {
  readonly open: OpenHunk;
  readonly start: number;
  readonly lines: number;
}

/** Lines of a text that were replaced: `from` to `to`, both inside, by `now` lines. */
export interface LineEdit {
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

/** The text that hunks stand in: without any of them, the file as it is, or the file with what is proposed for it. */
export type Text = "before" | "file" | "proposed";

/**
 * Return where each hunk stands, by line: by its own lines, nearest to where it was; one that a person has rewritten where it was.
 * Where it is not in the text it stands as the lines that it would replace.
 */
export function placesOf(
  lines: readonly string[],
  hunks: readonly OpenHunk[],
  known: readonly Placed[] = [],
  text: Text = "file",
): readonly Placed[] {
  const before = new Map(known.map((place) => [place.open.hunk.hunkId, place]));
  const places = hunks.map((open): Placed => {
    const was = before.get(open.hunk.hunkId);
    const isOld = text === "before" || (text === "file" && open.hunk.state === "proposed");
    const wanted = linesOf(isOld ? open.hunk.oldText : open.hunk.newText);
    const near = was?.start ?? { before: Math.max(open.hunk.oldStart - 1, 0), file: open.start, proposed: open.proposedStart }[text];
    const start = located(lines, wanted, near);
    if (start !== undefined) {
      return { open, start, lines: wanted.length };
    }
    const there = Math.min(near, Math.max(lines.length - 1, 0));
    return { open, start: there, lines: Math.min(was?.lines ?? wanted.length, Math.max(lines.length - there, 0)) };
  });
  return places.sort((one, other) => one.start - other.start);
}

/** Return places after lines were replaced. */
export function shifted(places: readonly Placed[], edit: LineEdit): readonly Placed[] {
  const growth = edit.now - (edit.to - edit.from + 1);
  return places.map((place) => {
    if (edit.from > lastLine(place)) {
      return place;
    }
    if (edit.to < place.start) {
      return { ...place, start: place.start + growth };
    }
    return { ...place, start: Math.min(place.start, edit.from), lines: Math.max(place.lines + growth, 0) };
  });
}

/** Return a text without these hunks, latest change first; what cannot be found any more stays. */
export function withoutApplied(text: string, hunks: readonly PlacedHunk[]): string {
  return replaced(
    text,
    [...hunks].reverse().filter(({ hunk }) => hunk.state === "applied"),
    ({ hunk }) => [hunk.newText, hunk.oldText],
  );
}

/** Return the text with what is proposed for it. */
export function withProposed(text: string, hunks: readonly PlacedHunk[]): string {
  return replaced(
    text,
    [...hunks].reverse().filter(({ hunk }) => hunk.state === "proposed"),
    ({ hunk }) => [hunk.oldText, hunk.newText],
  );
}

/** Return the place of the next hunk behind a line, or with `back` before it; from the end it goes on at the beginning. */
export function neighbour(places: readonly Placed[], line: number, back: boolean): Placed | undefined {
  return back
    ? (places.findLast((place) => lastLine(place) < line) ?? places.at(-1))
    : (places.find((place) => place.start > line) ?? places[0]);
}

/** Return the hunk at a line. */
function placeAt(places: readonly Placed[], line: number): Placed | undefined {
  return places.findLast((place) => place.start <= line && line <= lastLine(place));
}

/**
 * Return the hunk that a person at a line means: the one that holds the line, or the only one beside it. Of any other, the nearest, nobody
 * can say that it is meant.
 */
export function meantAt(places: readonly Placed[], line: number): { readonly place: Placed; readonly sure: boolean } | undefined {
  const away = (place: Placed): number => Math.max(place.start - line, line - lastLine(place), 0);
  const place = placeAt(places, line) ?? [...places].sort((one, other) => away(one) - away(other))[0];
  const beside = places.filter((each) => away(each) <= 1).length;
  return place && { place, sure: away(place) === 0 || (away(place) === 1 && beside === 1) };
}

function lastLine({ start, lines }: Placed): number {
  return start + Math.max(lines, 1) - 1;
}

/** Return the lines of a text without their ends; one behind the last end is none. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r\n|\n|\r/);
  return text === "" || lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function located(lines: readonly string[], wanted: readonly string[], near: number): number | undefined {
  if (wanted.length === 0) {
    return Math.min(near, Math.max(lines.length - 1, 0));
  }
  const last = lines.length - wanted.length;
  for (let away = 0; away <= Math.max(near, last - near); away += 1) {
    for (const start of away === 0 ? [near] : [near - away, near + away]) {
      if (start >= 0 && start <= last && wanted.every((line, index) => lines[start + index] === line)) {
        return start;
      }
    }
  }
  return undefined;
}

function replaced(text: string, hunks: readonly PlacedHunk[], sides: (placed: PlacedHunk) => readonly [string, string]): string {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  let lines = linesOf(text);
  let endsWithLine = text === "" || /[\r\n]$/.test(text);
  for (const placed of hunks) {
    const [there, wanted] = sides(placed);
    const old = linesOf(there);
    // Where nothing is to go, what comes stands before that line, or behind the last one.
    const place = old.length === 0 ? Math.min(placed.start, lines.length) : located(lines, old, placed.start);
    if (place === undefined) {
      continue;
    }
    const atEnd = place + old.length >= lines.length;
    lines = [...lines.slice(0, place), ...linesOf(wanted), ...lines.slice(place + old.length)];
    if (atEnd && wanted !== "") {
      endsWithLine = /[\r\n]$/.test(wanted);
    }
  }
  return lines.join(end) + (endsWithLine && lines.length > 0 ? end : "");
}
