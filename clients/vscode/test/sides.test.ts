import { expect, it, vi } from "vitest";

vi.mock("vscode", () => ({ Uri: { parse: (text: string) => text }, workspace: {} }));

import type { Uri } from "vscode";
import { changesOf, fileOf, REVIEW_SCHEME } from "../src/review/sides";

const side = (query: string): Uri => ({ scheme: REVIEW_SCHEME, authority: "proposed", query }) as unknown as Uri;

it("reads of a side which file it is about, and which changes", () => {
  const uri = side(JSON.stringify(["file:///w/a.py", ["r", "c"]]));
  expect([fileOf(uri), changesOf(uri)]).toEqual(["file:///w/a.py", [{ runId: "r", changeId: "c" }]]);
});

it.each(["5", "null", "{}", "no JSON", "", "[]", "[null, 5]"])("takes a side that says %j for one of no file", (query) => {
  expect(fileOf(side(query))).toBe("");
  expect(changesOf(side(query)).every(({ runId, changeId }) => runId === "" && changeId === "")).toBe(true);
});
