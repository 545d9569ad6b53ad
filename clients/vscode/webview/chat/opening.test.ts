import { expect, it } from "vitest";
import type { ToView } from "../../src/messages/chat";
import { Opening } from "./opening";

const opened: ToView = { kind: "opened", channelId: "c", text: "a draft", chips: [] };
const chip = { id: "f", icon: "file" as const, label: "a.py", title: "a.py", attachment: { uri: "file:///a.py" } };
const attach: ToView = { kind: "attach", chip };
const patch: ToView = { kind: "patch", patch: { order: undefined, items: [], grown: [] } };

it("does what a person did while the page was hidden once its chat is there, and forgets what is told again", () => {
  const opening = new Opening();
  expect([patch, attach, patch, { kind: "focus" } as const, { kind: "sent" } as const].flatMap((message) => opening.take(message))).toEqual(
    [],
  );
  expect(opening.take(opened)).toEqual([opened, attach, { kind: "focus" }]);
});

it("does everything at once from then on", () => {
  const opening = new Opening();
  opening.take(opened);
  expect([patch, attach, opened].flatMap((message) => opening.take(message))).toEqual([patch, attach, opened]);
});
