import { expect, it } from "vitest";
import { type Line, Page } from "../src/chat/page";
import type { FromView, Spoken, ToView } from "../src/messages/chat";

const chip = { id: "f", icon: "file" as const, label: "a.py", title: "a.py", attachment: { uri: "file:///a.py" } };
const attach: ToView = { kind: "attach", chip };
const opened: ToView = { kind: "opened", page: "", channelId: "c", text: "a draft", chips: [] };
const patch: ToView = { kind: "patch", patch: { order: undefined, items: [], grown: [] } };

function lineOf(): { line: Line; told: Spoken[]; heard: FromView[]; tell: (message: FromView) => void; page: Page } {
  const told: Spoken[] = [];
  const heard: FromView[] = [];
  let tell: (message: FromView) => void = () => undefined;
  const line: Line = {
    onDidReceiveMessage: (hear) => {
      tell = hear;
      return { dispose: () => undefined };
    },
    postMessage: (spoken) => told.push(spoken),
  };
  const page = new Page(line, (message) => void heard.push(message));
  return { line, told, heard, tell: (message) => tell(message), page };
}
const kinds = (told: Spoken[]): string[] => told.splice(0).map(({ message }) => message.kind);

it("tells a page that is made anew what a person did and the page before it did not hear", () => {
  const { told, tell, page } = lineOf();
  tell({ kind: "ready", channelId: undefined });
  page.say(attach);
  page.say({ kind: "focus" });
  tell({ kind: "heard", number: told[1]?.number ?? -1 });
  told.length = 0;
  tell({ kind: "ready", channelId: undefined });
  page.say(opened);
  page.repeat();
  expect(kinds(told)).toEqual(["opened", "attach"]);
});

it("says nothing twice that was heard", () => {
  const { told, heard, tell, page } = lineOf();
  tell({ kind: "ready", channelId: undefined });
  page.say(attach);
  tell({ kind: "heard", number: told[0]?.number ?? -1 });
  told.length = 0;
  page.repeat();
  expect(told).toEqual([]);
  expect(heard).toEqual([{ kind: "ready", channelId: undefined }]);
});

it("does not tell in another chat what was not heard in the one before", () => {
  const { told, tell, page } = lineOf();
  tell({ kind: "ready", channelId: undefined });
  page.say(attach);
  page.forget();
  told.length = 0;
  page.repeat();
  expect(told).toEqual([]);
});

it("waits for the page, and tells one that nobody sees nothing of what goes on", () => {
  const { told, tell, page } = lineOf();
  page.say(attach);
  page.say(patch);
  expect(told).toEqual([]);
  tell({ kind: "ready", channelId: undefined });
  page.repeat();
  page.seen(false);
  page.say(patch);
  expect(kinds(told)).toEqual(["attach"]);
  expect(page.seen(true)).toBe(true);
  page.say(patch);
  expect(kinds(told)).toEqual(["patch"]);
});
