import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { isInside } from "../src/chat/inside";

const root = mkdtempSync(join(tmpdir(), "coterie-inside-"));
const folder = join(root, "work");
mkdirSync(join(folder, "src"), { recursive: true });
mkdirSync(join(root, "work-other"));
writeFileSync(join(root, "secret"), "");
writeFileSync(join(folder, "src", "a.py"), "");
symlinkSync(join(root, "secret"), join(folder, "notes.md"));
symlinkSync(join(root, "work-other"), join(folder, "out"));
symlinkSync(join(root, "nothing"), join(folder, "dangling.md"));
symlinkSync(join(folder, "src"), join(folder, "in"));
symlinkSync(folder, join(root, "opened"));

afterAll(() => rmSync(root, { recursive: true }));

it.each([
  ["a file", "work/src/a.py", true],
  ["a file that is not there yet, nor its folder", "work/new/deep/b.py", true],
  ["a name that begins with dots", "work/..b.py", true],
  ["a link that stays inside", "work/in/a.py", true],
  ["a link to a file elsewhere", "work/notes.md", false],
  ["a new file behind a link to a folder elsewhere", "work/out/new.md", false],
  ["a link to what is not there", "work/dangling.md", false],
  ["a folder whose name begins like the open one's", "work-other/b.py", false],
  ["a way up", "work/../secret", false],
])("tells of %s whether it is in the open folder", async (_name, path, expected) => {
  expect(await isInside(`${root}/${path}`, [folder])).toBe(expected);
  // The folder itself may be opened by a link.
  expect(await isInside(`${root}/${path}`, [join(root, "opened")])).toBe(expected);
});
