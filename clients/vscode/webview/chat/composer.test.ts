// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import type { Chip } from "../../src/chat/draft";
import type { UserItem } from "../../src/chat/items";
import type { FromView, Surroundings } from "../../src/messages/chat";
import { Composer } from "./composer";

const CHIP: Chip = { id: "f", icon: "file", label: "calc.py", title: "calc.py", attachment: { uri: "file:///calc.py" } };
const EARLIER: UserItem = { kind: "user", id: "message:m", messageId: "m", runId: undefined, text: "Earlier", attached: [] };
const NOW: Surroundings = {
  channelId: "a",
  title: "A",
  agent: "Chat",
  model: "m",
  spent: "",
  activity: "idle",
  server: "running",
  ended: undefined,
  needsModel: false,
  isArchived: false,
  hasOlder: false,
};

let posted: FromView[];
let refused: string[];
let said: string[];
let composer: Composer;
let field: HTMLTextAreaElement;

beforeEach(() => {
  posted = [];
  refused = [];
  said = [];
  Element.prototype.scrollIntoView = () => undefined;
  composer = new Composer({
    post: (message) => void posted.push(message),
    said: () => said,
    refuse: (why) => void refused.push(why),
  });
  document.body.replaceChildren(composer.element);
  const found = composer.element.querySelector("textarea");
  if (found === null) {
    throw new Error("there is nothing to write in");
  }
  field = found;
  composer.open("a", "", []);
  composer.surround(NOW);
  posted = [];
});

function press(key: string, more: KeyboardEventInit = {}): boolean {
  return !field.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true, bubbles: true, ...more }));
}

function type(text: string): void {
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new InputEvent("input"));
}

function paste(text: string, ...types: string[]): boolean {
  const clipboardData = { getData: () => text, files: types.map((type) => ({ type })) };
  return !field.dispatchEvent(Object.assign(new Event("paste", { cancelable: true }), { clipboardData }));
}

const drafts = () => posted.filter((message) => message.kind === "draft");

describe("an earlier message that is written anew", () => {
  it.each([
    ["Esc", () => press("Escape")],
    ["its button", () => composer.element.querySelector<HTMLElement>(".editing button")?.click()],
  ])("gives back by %s what was being written before, also where a second one was begun", (_how, giveUp) => {
    composer.attach(CHIP);
    type("Unsent");
    composer.edit(EARLIER);
    composer.edit({ ...EARLIER, messageId: "n", text: "Another" });
    expect([field.value, composer.chips]).toEqual(["Another", []]);
    giveUp();
    expect([field.value, composer.chips]).toEqual(["Unsent", [CHIP]]);
    press("Enter");
    expect(posted.at(-1)).toEqual({ kind: "send", text: "Unsent", chips: [CHIP], insteadOf: undefined });
  });

  it("is not kept as the chat's draft, which is what was being written before", () => {
    type("Unsent");
    composer.edit(EARLIER);
    type("Earlier, changed");
    expect(drafts().at(-1)).toMatchObject({ text: "Unsent" });
    press("Enter");
    expect(posted.at(-1)).toEqual({ kind: "send", text: "Earlier, changed", chips: [], insteadOf: "m" });
  });
});

it("keeps a draft by the chat in which it was written", () => {
  type("For a");
  composer.open("b", "", []);
  type("For b");
  expect(drafts().map((each) => each.kind === "draft" && [each.channelId, each.text])).toEqual([
    ["a", "For a"],
    ["b", ""],
    ["b", "For b"],
  ]);
});

it("tells the chips of a draft once and not with each letter", () => {
  type("a");
  composer.attach(CHIP);
  type("ab");
  composer.open("b", "", []);
  expect(drafts().map((each) => each.kind === "draft" && each.chips)).toEqual([undefined, [CHIP], undefined, []]);
});

describe("the arrow keys", () => {
  it("go through what was said, from an empty field and back to it", () => {
    said = ["One", "Two\nlines"];
    expect([press("ArrowUp"), field.value]).toEqual([true, "Two\nlines"]);
    expect([press("ArrowUp"), field.value], "within the text first").toEqual([false, "Two\nlines"]);
    field.setSelectionRange(0, 0);
    expect([press("ArrowUp"), field.value]).toEqual([true, "One"]);
    expect([press("ArrowUp"), field.value], "there is none before").toEqual([false, "One"]);
    press("ArrowDown");
    expect(field.value).toBe("Two\nlines");
    expect([press("ArrowDown"), field.value]).toEqual([true, ""]);
    expect(press("ArrowDown"), "there is none behind").toBe(false);
  });

  it.each(["/explain", "see @calc"])("go on through what was said where that ends in %s: nothing is completed in it", (text) => {
    said = ["One", text];
    type("@");
    type("");
    press("ArrowUp");
    composer.completions(1, [{ insert: "@other", label: "other", detail: "", icon: "file", chip: undefined }]);
    expect(field.value).toBe(text);
    expect(posted.filter(({ kind }) => kind === "complete")).toHaveLength(1);
    expect([press("ArrowUp"), field.value]).toEqual([true, "One"]);
    expect([press("ArrowDown"), field.value]).toEqual([true, text]);
    press("Enter");
    expect(posted.at(-1)).toMatchObject({ kind: "send", text });
  });

  it("leave alone what somebody writes, selects, or has changed of what was said", () => {
    said = ["One"];
    type("Mine");
    expect([press("ArrowUp"), field.value]).toEqual([false, "Mine"]);
    type("");
    expect([press("ArrowUp", { shiftKey: true }), field.value]).toEqual([false, ""]);
    press("ArrowUp");
    type("One more");
    expect([press("ArrowUp"), press("ArrowDown"), field.value]).toEqual([false, false, "One more"]);
  });
});

describe("what is pasted", () => {
  it("goes into the words where it is short", () => {
    expect([paste("a line\nanother"), composer.chips, refused]).toEqual([false, [], []]);
  });

  it.each([
    ["many lines", "x\n".repeat(400), "Pasted, 400 lines"],
    ["one line that is long", "x".repeat(20_000), "Pasted, 20,000 characters"],
  ])("goes along as a chip where it is long: %s", (_what, text, label) => {
    expect(paste(text)).toBe(true);
    paste(text);
    expect(composer.chips).toMatchObject([{ label, attachment: { text } }]);
    expect(field.value).toBe("");
  });

  it.each([
    ["more than a message can have", "x".repeat(100_001), [], "Save it as a file"],
    ["a picture", "", ["image/png"], "Pictures do not go along"],
    ["another file", "", ["application/pdf"], "Only text can be pasted"],
  ])("is refused with a word about it: %s", (_what, text, types, why) => {
    expect(paste(text, ...types)).toBe(true);
    expect([composer.chips, refused]).toEqual([[], [expect.stringContaining(why)]]);
  });
});
