import { describe, expect, it, vi } from "vitest";

vi.mock("vscode", () => ({ window: {}, workspace: {}, Uri: {}, commands: {}, env: {}, Range: class {}, Position: class {} }));
vi.mock("vscode-languageclient/node", () => ({ ResponseError: class extends Error {}, LSPErrorCodes: {} }));

import { Asking } from "../src/chat/asked";
import type { Chats } from "../src/chat/chats";
import type { Current } from "../src/chat/current";
import type { Draft, PageDrafts } from "../src/chat/drafts";
import type { Page } from "../src/chat/page";
import type { ToView } from "../src/messages/chat";
import type { Session } from "../src/session";

const CHIP = { id: "f", icon: "file", label: "f", title: "f", attachment: {} } as const;
const HELLO = { kind: "send", text: "hello", chips: [], insteadOf: undefined } as const;

/** A page that shows chat `a`, and a server that answers when it is told to. */
function page() {
  const said: ToView["kind"][] = [];
  const shown: (string | undefined)[] = [];
  const kept: [string | undefined, Draft][] = [];
  const current = {
    channelId: "a" as string | undefined,
    choice: {},
    choose: () => undefined,
    feed: { items: [{ kind: "user", messageId: "u" }] },
  };
  let answer: { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined;
  const request = vi.fn(() => new Promise((resolve, reject) => (answer = { resolve, reject })));
  const session = { connection: { state: { kind: "running" } }, runs: { active: () => undefined }, wire: { request } };
  const drafts = {
    get: () => ({ text: "", chips: [CHIP] }),
    keep: async (channelId: string | undefined, draft: Draft) => void kept.push([channelId, draft]),
  };
  const asking = new Asking(
    session as unknown as Session,
    {} as Chats,
    current as unknown as Current,
    { say: ({ kind }: ToView) => said.push(kind) } as unknown as Page,
    drafts as unknown as PageDrafts,
    (channelId) => shown.push(channelId),
  );
  const asked = async () => {
    await vi.waitFor(() => expect(answer).toBeDefined(), { timeout: 30_000 });
    return answer;
  };
  return { asking, current, said, shown, kept, request, asked };
}

describe("what is said in a chat that the person leaves meanwhile", () => {
  it("leaves the other chat alone once it has arrived", async () => {
    const { asking, current, said, shown, kept, asked } = page();
    const sending = asking.do(HELLO);
    const answer = await asked();
    current.channelId = "b";
    answer?.resolve({});
    await sending;
    expect([said, shown, kept]).toEqual([["trouble"], [], [["a", { text: "", chips: [] }]]]);
  });

  it("is a draft of its own chat when it did not arrive", async () => {
    const { asking, current, said, kept, asked } = page();
    const sending = asking.do(HELLO);
    const answer = await asked();
    current.channelId = "b";
    answer?.reject(new Error("gone"));
    await expect(sending).rejects.toThrow("gone");
    expect([said, kept]).toEqual([["trouble"], [["a", { text: "hello", chips: [] }]]]);
  });
});

it("asks nothing again for an answer that is not there any more", async () => {
  const { asking, request } = page();
  await asking.do({ kind: "retry", messageId: "gone" });
  expect(request).not.toHaveBeenCalled();
});

it("leaves the draft of a chat alone when an answer of it is asked for again, which goes on in another", async () => {
  const { asking, shown, kept, request } = page();
  request.mockResolvedValue({ channelId: "b" });
  await asking.do({ ...HELLO, insteadOf: "u" });
  expect([shown, kept]).toEqual([["b"], []]);
});

it("keeps a draft for the chat in which it was written, whichever is shown by then", async () => {
  const { asking, current, kept } = page();
  current.channelId = "b";
  await asking.do({ kind: "draft", channelId: "a", text: "half a", chips: [] });
  await asking.do({ kind: "draft", channelId: "a", text: "half a and", chips: undefined });
  expect(kept).toEqual([
    ["a", { text: "half a", chips: [] }],
    ["a", { text: "half a and", chips: [CHIP] }],
  ]);
});
