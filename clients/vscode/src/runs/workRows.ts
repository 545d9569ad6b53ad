// The rows of what a run found and changed. Pure.

import type { ChangeEvent, Hunk, Json } from "../protocol";
import { DOUBTFUL, type Doubt, doubtOf, doubtsAmong, doubtWords } from "../state/doubt";
import { movedWords, movesAmong } from "../state/moves";
import { hasEnded, type Run } from "../state/run";
import { foldersOfNamesakes, uriKey } from "../state/uris";
import type { Row } from "./row";
import { counted, DOUBT_ICON, SEVERITY_ICONS } from "./words";

/** One file with the hunks of all the run's changes of it. */
export interface ChangedFile {
  readonly path: string;
  readonly uri: string;
  readonly hunks: readonly ChangedHunk[];
}

/** A hunk, and why its change may be somebody else's. */
type ChangedHunk = Hunk & { readonly doubt: Doubt | undefined };

/** Return the files that a run changed, or would, by path. */
function changedFiles(changes: Iterable<ChangeEvent>): readonly ChangedFile[] {
  const files = new Map<string, ChangedFile>();
  for (const change of changes) {
    const known = files.get(change.uri);
    const hunks = change.hunks.map((hunk) => ({ ...hunk, doubt: doubtOf(change) }));
    files.set(change.uri, { path: change.path, uri: change.uri, hunks: [...(known?.hunks ?? []), ...hunks] });
  }
  return [...files.values()].sort((one, other) => (`${one.path} ${one.uri}` < `${other.path} ${other.uri}` ? -1 : 1));
}

export function changeRows(run: Run): Row | undefined {
  const changes = Object.values(run.changes);
  const files = changedFiles(changes);
  if (files.length === 0) {
    return undefined;
  }
  const moves = movesAmong(changes.filter(({ state }) => state === "applied" || state === "proposed"));
  const moved = movedWords(moves);
  const folders = foldersOfNamesakes(files);
  const count = counted(files.length - moves.length, "file");
  return {
    id: `${run.runId}/changes`,
    label: "Changes",
    description: moves.length === 0 ? count : `${count}, ${moves.length} moved`,
    icon: { name: "diff-multiple" },
    context: "changes",
    expanded: true,
    children: files.map((file) => fileRow(run, file, moved.get(uriKey(file.uri)), folders.get(uriKey(file.uri)))),
    target: { kind: "run", runId: run.runId },
  };
}

function fileRow(run: Run, file: ChangedFile, moved: string | undefined, root: string | undefined): Row {
  const path = root === undefined ? file.path : `${root}/${file.path}`;
  const standing = file.hunks.filter((hunk) => hunk.state === "applied" || hunk.state === "proposed");
  const lines = (side: "newLines" | "oldLines"): number => standing.reduce((sum, hunk) => sum + hunk[side], 0);
  const proposed = standing.every((hunk) => hunk.state === "proposed");
  const doubts = doubtsAmong(standing);
  const size = moved ?? `+${lines("newLines")} −${lines("oldLines")}`;
  const undoable = hasEnded(run) && standing.some((hunk) => hunk.state === "applied");
  return {
    id: `${run.runId}/file/${file.uri}`,
    label: path,
    description:
      standing.length === 0
        ? goneWord(file)
        : [doubts.length > 0 ? DOUBTFUL : "", proposed ? "proposed" : "", size].filter(Boolean).join(" · "),
    tooltip: [path, ...doubts.map(doubtWords)].join("\n\n"),
    resource: file.uri,
    context: undoable ? "file.applied" : "file",
    command: "coterie.run.showChange",
    children: file.hunks.map((hunk) => hunkRow(run, file, hunk)),
    target: { kind: "file", runId: run.runId, uri: file.uri, path: file.path },
  };
}

/** Say of a file that has none of a run's changes what became of them: what was rejected may never have been in it. */
function goneWord({ hunks }: ChangedFile): string {
  return hunks.every((hunk) => hunk.state === "rejected") ? "rejected" : "taken back";
}

function hunkRow(run: Run, file: ChangedFile, hunk: ChangedHunk): Row {
  const words = hunk.state === "applied" ? (hunk.review === "accepted" ? "accepted" : "applied") : hunk.state;
  const gone = hunk.state === "rejected" || hunk.state === "undone";
  const doubt = gone ? undefined : hunk.doubt;
  return {
    id: `${run.runId}/hunk/${hunk.hunkId}`,
    label: linesOf(hunk),
    description: [doubt && DOUBTFUL, words, `+${hunk.newLines} −${hunk.oldLines}`].filter(Boolean).join(" · "),
    tooltip: [...(doubt ? [doubtWords(doubt), ""] : []), ...prefixed("−", hunk.oldText), ...prefixed("+", hunk.newText)].join("\n"),
    icon: doubt ? DOUBT_ICON : { name: gone ? "diff-removed" : hunk.oldLines === 0 ? "diff-added" : "diff-modified" },
    context: hasEnded(run) && hunk.state === "applied" ? "hunk.applied" : "hunk",
    command: "coterie.run.showChange",
    target: { kind: "hunk", runId: run.runId, uri: file.uri, path: file.path, hunkId: hunk.hunkId },
  };
}

/** Return where a hunk is, for a person. */
export function linesOf(hunk: Pick<Hunk, "newStart" | "newLines">): string {
  return hunk.newLines > 1 ? `Lines ${hunk.newStart}–${hunk.newStart + hunk.newLines - 1}` : `Line ${hunk.newStart}`;
}

function prefixed(mark: string, text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") {
    lines.pop();
  }
  return lines.slice(0, 20).map((line) => `${mark} ${line}`);
}

/** Return the findings of the latest review. */
export function findingRows(run: Run): Row | undefined {
  const review = run.artifacts.findLast((artifact) => artifact.type === "findings");
  const findings = review?.value["findings"];
  if (!Array.isArray(findings) || findings.length === 0) {
    return undefined;
  }
  return {
    id: `${run.runId}/findings`,
    label: "Findings",
    description: String(findings.length),
    icon: { name: "search-view-icon" },
    children: findings.filter(isRecord).map((finding, index) => findingRow(run, finding, index)),
    target: { kind: "none" },
  };
}

function findingRow(run: Run, finding: { [key: string]: Json }, index: number): Row {
  const path = String(finding["file"] ?? "");
  const line = typeof finding["line"] === "number" ? finding["line"] : 1;
  return {
    id: `${run.runId}/finding/${index}`,
    label: String(finding["title"] ?? ""),
    description: `${path}:${line}`,
    tooltip: [finding["title"], finding["evidence"]].filter((part) => typeof part === "string" && part !== "").join("\n\n"),
    icon: SEVERITY_ICONS[String(finding["severity"])] ?? { name: "info" },
    command: "coterie.run.showFinding",
    target: { kind: "finding", path, folder: run.folder, line },
  };
}

function isRecord(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
