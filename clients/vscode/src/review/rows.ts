// The rows of the review: files with open hunks, and below each its hunks. Pure.

import type { Row } from "../runs/row";
import { counted, DOUBT_ICON } from "../runs/words";
import { linesOf } from "../runs/workRows";
import { DOUBTFUL, doubtsAmong, doubtWords } from "../state/doubt";
import { type Move, movedWords } from "../state/moves";
import { isProposed, type OpenFile, type OpenHunk } from "../state/reviews";
import { foldersOfNamesakes, uriKey } from "../state/uris";

/** What an action on a row is about: a file, or a hunk of it. */
export interface Reviewed {
  readonly file: OpenFile;
  readonly open?: OpenHunk;
}

export type ReviewRow = Row<Reviewed>;

const COLOR = "coterie.openChangeForeground";

export function reviewRows(files: readonly OpenFile[], moves: readonly Move[] = []): readonly ReviewRow[] {
  const moved = movedWords(moves);
  const folders = foldersOfNamesakes(files);
  return files.map((file) => fileRow(file, moved.get(uriKey(file.uri)), folders.get(uriKey(file.uri))));
}

function fileRow(file: OpenFile, moved: string | undefined, root: string | undefined): ReviewRow {
  const path = root === undefined ? file.path : `${root}/${file.path}`;
  const folders = path.split("/");
  const name = folders.pop() ?? path;
  const total = file.decided + file.hunks.length;
  const doubts = doubtsAmong(file.hunks);
  const doubtful = doubts.length === 0 ? "" : file.hunks.every(({ doubt }) => doubt) ? DOUBTFUL : `partly ${DOUBTFUL}`;
  return {
    id: file.uri,
    label: name,
    description: [doubtful, folders.join("/"), moved, isProposed(file) ? "proposed" : "", `${file.decided} of ${total}`]
      .filter(Boolean)
      .join(" · "),
    tooltip: [`${path}: ${file.decided} of ${counted(total, "change")} reviewed`, ...doubts.map(doubtWords)].join("\n\n"),
    resource: file.uri,
    context: contextOf("reviewFile", isProposed(file)),
    command: "coterie.review.show",
    children: file.hunks.map((open) => hunkRow(file, open)),
    target: { file },
  };
}

function hunkRow(file: OpenFile, open: OpenHunk): ReviewRow {
  const { hunk, doubt } = open;
  const icon = hunk.newLines === 0 ? "diff-removed" : hunk.oldLines === 0 ? "diff-added" : "diff-modified";
  const proposed = hunk.state === "proposed";
  return {
    id: hunk.hunkId,
    label: linesOf(hunk),
    // What is said of its file is said of it.
    description: [doubt && DOUBTFUL, proposed && !isProposed(file) ? "proposed" : "", `+${hunk.newLines} −${hunk.oldLines}`]
      .filter(Boolean)
      .join(" · "),
    tooltip: [...(doubt ? [doubtWords(doubt), ""] : []), ...marked(hunk.oldText, "− "), ...marked(hunk.newText, "+ ")].join("\n"),
    icon: doubt ? DOUBT_ICON : { name: icon, color: COLOR },
    context: contextOf("reviewHunk", proposed),
    command: "coterie.review.show",
    target: { file, open },
  };
}

/** Of what is proposed the menus say that it is applied. */
function contextOf(name: string, proposed: boolean): string {
  return proposed ? `${name}.proposed` : name;
}

function marked(text: string, mark: string): readonly string[] {
  return text === ""
    ? []
    : text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => mark + line);
}
