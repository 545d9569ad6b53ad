// What a block of code in an answer is about, and where in a file it belongs. Pure.

export interface CodeBlock {
  readonly language: string;
  /** The file that the block names, as it is written there. */
  readonly path: string | undefined;
}

const PATH = /^[\w@.~/\\()[\] -]*\.[A-Za-z0-9]{1,12}$/;

/** Read the words behind a fence: `python`, `python calc.py`, `python:src/calc.py`, `py title="calc.py"`. */
export function readInfo(info: string): CodeBlock {
  const [first = "", ...rest] = info.trim().split(/\s+/);
  const named = /(?:^|\s)(?:title|file|filename|path)="?([^"\s]+)"?/.exec(info)?.[1];
  const [language = "", behind] = splitAtColon(first);
  const path = [named, behind, rest[0], language].find((each) => each !== undefined && PATH.test(each));
  return { language: language === path ? (path.split(".").at(-1) ?? "") : language, path };
}

function splitAtColon(word: string): readonly [string, string | undefined] {
  const at = word.indexOf(":");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** Return a file's text with a block of code in it: in the place of what it is a new version of, else instead of the chosen range. */
export function placed(text: string, code: string, chosen: { readonly start: number; readonly end: number } | undefined): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const made = code.replace(/\r?\n/g, "\n").replace(/\n+$/, "");
  if (text.trim() === "") {
    return withEol(`${made}\n`, eol);
  }
  if (chosen !== undefined && chosen.start !== chosen.end) {
    return text.slice(0, chosen.start) + withEol(made, eol) + text.slice(chosen.end);
  }
  const lines = text.split(/\r?\n/);
  const fresh = made.split("\n");
  const range = rangeOf(lines, fresh);
  if (range !== undefined) {
    return [...lines.slice(0, range.from), ...fresh, ...lines.slice(range.to)].join(eol);
  }
  if (isVersionOf(lines, fresh)) {
    return withEol(`${made}\n`, eol);
  }
  const at = chosen?.start ?? text.length;
  const before = text.slice(0, at);
  const gap = before === "" || before.endsWith("\n") ? "" : eol;
  return before + gap + withEol(`${made}\n`, eol) + text.slice(at);
}

function withEol(text: string, eol: string): string {
  return eol === "\n" ? text : text.replace(/\n/g, eol);
}

interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Find the lines that a fragment replaces: from its first line to the end of the indented part below it, where that line stands once. */
function rangeOf(lines: readonly string[], fresh: readonly string[]): LineRange | undefined {
  const first = fresh[0] ?? "";
  const from = headOf(lines, first);
  if (first.trim() === "" || from === undefined) {
    return undefined;
  }
  const indent = indentOf(first);
  let to = from + 1;
  for (let at = from + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      continue;
    }
    // A closing bracket at the indent of the first line belongs to it.
    const isClosing = indentOf(line) === indent && /^\s*[})\]]/.test(line);
    if (indentOf(line) <= indent && !isClosing) {
      break;
    }
    to = at + 1;
    if (isClosing && !/[{([]\s*$/.test(line)) {
      break;
    }
  }
  // The whole file from its first line on is a version of the file, not a fragment of it.
  const inside = fresh.slice(1).every((line) => line.trim() === "" || indentOf(line) > indent || /^\s*[})\]]/.test(line));
  return inside ? { from, to } : undefined;
}

function headOf(lines: readonly string[], first: string): number | undefined {
  const head = (line: string): string => line.trim().replace(/\(.*$/s, "(");
  const same = (of: (line: string) => string): number[] =>
    lines.flatMap((line, at) => (of(line) === of(first) && indentOf(line) === indentOf(first) ? [at] : []));
  const exact = same((line) => line.trim());
  const found = exact.length > 0 || !first.includes("(") ? exact : same(head);
  return found.length === 1 ? found[0] : undefined;
}

/** Say whether most of the file's lines are in the block: then it is the whole file anew. */
function isVersionOf(lines: readonly string[], fresh: readonly string[]): boolean {
  const there = lines.map((line) => line.trim()).filter((line) => line !== "");
  const made = new Set(fresh.map((line) => line.trim()));
  return there.filter((line) => made.has(line)).length * 2 >= there.length;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
