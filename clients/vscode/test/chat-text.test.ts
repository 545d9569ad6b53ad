import { describe, expect, it } from "vitest";
import { buttonsOf, questionWords } from "../src/approvals/words";
import { ago, inFolder, stateIcon, tooltipLines } from "../src/channels/words";
import { answererOf, choiceOf } from "../src/chat/answerer";
import { BlockSplitter } from "../src/chat/blocks";
import { placed, readInfo } from "../src/chat/code";
import { askingAt, completed, withChip } from "../src/chat/draft";
import { readDropped } from "../src/chat/dropped";
import { effectWords, optionLabel, rulesOf } from "../src/chat/effects";
import { aboutModel, modelRows } from "../src/chat/models";
import { commandCompletions } from "../src/chat/slash";
import { type Parts, surroundingsOf } from "../src/chat/surroundings";
import { readTarget } from "../src/chat/target";
import { toolTitle } from "../src/chat/tools";
import type { ApprovalOption, Channel, Effect, ModelView } from "../src/protocol";
import { emptyRun } from "../src/state/run";

describe("the blocks of Markdown that grows", () => {
  const blocksOf = (text: string, size: number): readonly string[] => {
    const splitter = new BlockSplitter();
    const ended: string[] = [];
    let open = "";
    for (let at = 0; at < text.length; at += size) {
      const blocks = splitter.push(text.slice(at, at + size));
      ended.push(...blocks.ended);
      open = blocks.open;
    }
    return [...ended, open];
  };

  it.each([
    ["paragraphs", "one\ntwo\n\nthree\n", ["one\ntwo\n\n", "three\n"]],
    ["code with blank lines in it", "a\n\n```py\nx\n\ny\n```\n\nb\n", ["a\n\n", "```py\nx\n\ny\n```\n\n", "b\n"]],
    ["a fence inside a longer fence", "````md\n```\n\n```\n````\n\nb\n", ["````md\n```\n\n```\n````\n\n", "b\n"]],
    ["a list with room between its items", "1. a\n\n2. b\n\n   more\n\nend\n", ["1. a\n\n2. b\n\n   more\n\n", "end\n"]],
    ["code between lines of text", "a:\n```py\nx\n```\nb\n\nc\n", ["a:\n", "```py\nx\n```\n", "b\n\n", "c\n"]],
    ["code in a list", "- a\n  ```py\n  x\n\n  y\n  ```\n  b\nc\n", ["- a\n  ```py\n  x\n\n  y\n  ```\n  b\nc\n"]],
    ["code in backticks on one line", "```x``` y\n\nb\n", ["```x``` y\n\n", "b\n"]],
  ])("are %s, however it comes", (_what, text, blocks) => {
    for (const size of [1, 2, 3, 7, text.length]) {
      expect(blocksOf(text, size)).toEqual(blocks);
    }
  });
});

describe("a block of code", () => {
  it.each([
    ["python", { language: "python", path: undefined }],
    ["python calc.py", { language: "python", path: "calc.py" }],
    ["python:src/calc.py", { language: "python", path: "src/calc.py" }],
    ['ts title="src/a.ts"', { language: "ts", path: "src/a.ts" }],
    ["src/main.rs", { language: "rs", path: "src/main.rs" }],
    ["", { language: "", path: undefined }],
    ["diff --git", { language: "diff", path: undefined }],
  ])("is read from the words behind its fence: %s", (info, read) => {
    expect(readInfo(info)).toEqual(read);
  });

  const FILE = "import os\n\n\ndef add(a, b):\n    return a - b\n\n\ndef mul(a, b):\n    return a * b\n";

  it.each([
    [
      "a function by its name",
      FILE,
      "def add(a, b=0):\n    return a + b\n",
      FILE.replace("a, b):\n    return a - b", "a, b=0):\n    return a + b"),
    ],
    ["a whole file", FILE, FILE.replace("a - b", "a + b"), FILE.replace("a - b", "a + b")],
    ["an empty file", "", "x = 1", "x = 1\n"],
    [
      "braces to their end",
      "int f() {\n  return 1;\n}\n\nint g() {\n}\n",
      "int f() {\n  return 2;\n}\n",
      "int f() {\n  return 2;\n}\n\nint g() {\n}\n",
    ],
    ["what is in no line of the file at its end", FILE, "print(add(1, 2))\n", `${FILE}print(add(1, 2))\n`],
    ["lines as the file ends them", "a = 1\r\nb = 2\r\n", "a = 1\nb = 3\n", "a = 1\r\nb = 3\r\n"],
  ])("takes its place: %s", (_what, text, code, expected) => {
    expect(placed(text, code, undefined)).toBe(expected);
  });

  it("takes the place of what is selected, and stands at the cursor where it belongs nowhere", () => {
    expect(placed("abc\n", "X\n", { start: 1, end: 2 })).toBe("aXc\n");
    expect(placed("a = 1\nb = 2\n", "c = 3\n", { start: 6, end: 6 })).toBe("a = 1\nc = 3\nb = 2\n");
  });

  it("does not guess between two functions of one name", () => {
    const twice = "class A:\n    def f(self):\n        pass\n\nclass B:\n    def f(self):\n        pass\n";
    expect(placed(twice, "    def f(self):\n        return 1\n", undefined)).toContain(twice);
  });
});

describe("what is being written", () => {
  it.each([
    ["/", 1, { sigil: "/", query: "", start: 0 }],
    ["/com", 4, { sigil: "/", query: "com", start: 0 }],
    ["/compact keep", 13, undefined],
    ["see /x", 6, undefined],
    ["see @ca", 7, { sigil: "@", query: "ca", start: 4 }],
    ["a@b", 3, undefined],
    ["line\n@src/ca", 12, { sigil: "@", query: "src/ca", start: 5 }],
  ])("asks for completion: %j", (text, cursor, asking) => {
    expect(askingAt(text, cursor)).toEqual(asking);
  });

  it("has the chosen command in the place of the word, and nothing in the place of what is attached", () => {
    expect(completed("/com", 4, { sigil: "/", query: "com", start: 0 }, "/compact")).toEqual({ text: "/compact ", cursor: 9 });
    expect(completed("why @ca is", 7, { sigil: "@", query: "ca", start: 4 }, "")).toEqual({ text: "why is", cursor: 4 });
  });

  it("has each thing attached once", () => {
    const chip = (id: string, label: string) => ({ id, label, icon: "file" as const, title: "", attachment: {} });
    expect(withChip([chip("a", "old"), chip("b", "b")], chip("a", "new")).map(({ label }) => label)).toEqual(["b", "new"]);
  });

  it("offers the commands that the server has", () => {
    const commands = [
      { name: "/compact", doc: "shorter", arguments: "WORDS", origin: "built_in" as const },
      { name: "/clear", doc: "anew", arguments: "", origin: "built_in" as const },
    ];
    expect(commandCompletions(commands, "c").map(({ label }) => label)).toEqual(["/compact words", "/clear"]);
    expect(commandCompletions(commands, "COM").map(({ insert }) => insert)).toEqual(["/compact"]);
  });
});

describe("words", () => {
  it.each([
    ["read_file", { path: "a.py" }, "Read a.py"],
    ["execute_command", { command: "make test\nmake docs" }, "Run make test"],
    ["run_tests", {}, "Run the tests"],
    ["mcp_tool", { name: "x", count: 1 }, "mcp_tool x"],
  ])("name a call of %s", (tool, given, title) => {
    expect(toolTitle(tool, given)).toBe(title);
  });

  const always: ApprovalOption = { optionId: "o", label: "Allow always: exec(touch *)", kind: "allow_always", rule: "exec(touch *)" };

  it("say what an answer would add to the rules", () => {
    expect(optionLabel(always)).toBe("Allow always");
    const run: ApprovalOption = {
      optionId: "r",
      label: "Allow in this run: exec(touch made)",
      kind: "allow_run",
      rule: "exec(touch made)",
    };
    const session: ApprovalOption = { ...run, optionId: "s", label: "Allow until restart: exec(touch made)", kind: "allow_session" };
    expect(rulesOf([run, session, always, { optionId: "n", label: "Reject", kind: "reject_once" }])).toEqual([
      { answers: "Allow in this run, allow until restart", rule: "exec(touch made)" },
      { answers: "Allow always (kept in your settings)", rule: "exec(touch *)" },
    ]);
    const kept: ApprovalOption = {
      ...always,
      rule: "exec(touch made)",
      label: "Allow always: exec(touch made)",
      admits: "Holds everywhere.",
    };
    expect(rulesOf([run, kept])).toEqual([
      {
        answers: "Allow in this run, allow always (kept in your settings)",
        rule: "exec(touch made)",
        admits: "Holds everywhere.",
      },
    ]);
    expect(optionLabel({ optionId: "n", label: "No: thanks", kind: "reject_once" })).toBe("No: thanks");
  });

  it("says which of several folders a question is about", () => {
    const write: Effect = { kind: "write", target: "app/main.py", rule: "write(app/main.py)" };
    const asked = (title: string, effect: Effect): string => questionWords({ title, effects: [effect], options: [] });
    expect(asked("edit_file /w/server/app/main.py", write)).toBe("Coterie asks: Write app/main.py in /w/server.");
    expect(asked("edit_file app/main.py", write)).toBe("Coterie asks: Write app/main.py.");
    const run: Effect = { kind: "exec", target: "make", argv: ["make"], rule: "exec(make)" };
    expect(asked("execute_command in /w/server: make", run)).toBe("Coterie asks: Run make in /w/server.");
    expect(asked("execute_command make", run)).toBe("Coterie asks: Run make.");
  });

  it("say in a notification what would happen, once, with the rules, and offer yes, no and a look at the others", () => {
    const effects = [
      { kind: "exec" as const, target: "touch made", rule: "exec(touch made)" },
      { kind: "write" as const, target: "made", rule: "write(made)" },
    ];
    const run: ApprovalOption = {
      optionId: "r",
      label: "Allow in this run: exec(touch made)",
      kind: "allow_run",
      rule: "exec(touch made)",
    };
    const once: ApprovalOption = { optionId: "y", label: "Allow once", kind: "allow_once" };
    const options = [once, run];
    expect(questionWords({ title: "execute_command touch made", effects: effects.slice(0, 1), options })).toBe(
      "Coterie asks: Run touch made. A lasting answer adds the rule exec(touch made).",
    );
    expect(questionWords({ title: "execute_command touch made", effects, options: [once] })).toBe(
      "Coterie asks: execute_command touch made. Run touch made; Write made.",
    );
    const kept: ApprovalOption = { ...always, admits: "Holds everywhere." };
    const never: ApprovalOption = { optionId: "x", label: "Reject always: exec(touch *)", kind: "reject_always", rule: "exec(touch *)" };
    expect(questionWords({ title: "x", effects: effects.slice(0, 1), options: [once, kept, never] })).toBe(
      "Coterie asks: Run touch made. A lasting answer adds the rule exec(touch *).",
    );
    const no: ApprovalOption = { optionId: "n", label: "Reject", kind: "reject_once" };
    const all = [once, run, kept, no, never];
    expect(buttonsOf({ options: all })).toEqual([
      { title: "Allow once", option: once },
      { title: "Reject", option: no },
      { title: "More…" },
    ]);
    const gate = { kind: "gate", target: "plan", rule: "gate(plan)" } as const;
    for (const [title, asked] of [
      ["Approve the plan", "Approve the plan."],
      ["Approve the plan?", "Approve the plan?"],
    ] as const) {
      expect(questionWords({ title, effects: [gate], options: [] })).toBe(`Coterie asks: ${asked}`);
      expect(questionWords({ title, effects: [gate], options: [] }, "file:///home/a/my%20shop/")).toBe(
        `Coterie asks in my shop, which is not open here: ${asked}`,
      );
    }
    expect(buttonsOf({ options: [once, no] }).map(({ title }) => title)).toEqual(["Allow once", "Reject", "Show"]);
  });

  it("say in a notification which edit is asked about and how much of it, and offer to look at it first", () => {
    const proposal = { words: "Edit calc.py", added: 2, removed: 1, decided: 0, applied: 0, undone: 0, total: 2 };
    const options: ApprovalOption[] = [
      { optionId: "y", label: "Apply", kind: "allow_once" },
      { optionId: "r", label: "Apply all edits of this run", kind: "allow_run", rule: "write(**)" },
      { optionId: "n", label: "Reject", kind: "reject_once" },
    ];
    const effects = [{ kind: "write" as const, target: "calc.py", rule: "write(calc.py)" }];
    expect(questionWords({ title: "edit_file calc.py", effects, options }, undefined, proposal)).toBe(
      "Coterie asks: Edit calc.py (+2 −1)? A lasting answer adds the rule write(**).",
    );
    const titles = (given: ApprovalOption[]) => buttonsOf({ options: given }, proposal).map(({ title, shows }) => [title, shows]);
    const once = [
      ["Review", "edit"],
      ["Apply", undefined],
      ["Reject", undefined],
    ];
    expect(titles(options)).toEqual([...once, ["More…", undefined]]);
    expect(titles(options.filter(({ kind }) => kind !== "allow_run"))).toEqual(once);
  });

  it("say that an effect of a later server is one", () => {
    expect(effectWords({ kind: "teleport" as never, target: "Mars", rule: "" })).toBe("teleport Mars");
  });

  it.each([
    ["https://example.org/a?b#c", { web: "https://example.org/a?b#c" }],
    ["calc.py", { path: "calc.py" }],
    ["src/calc.py:12", { path: "src/calc.py", line: 12 }],
    ["src/calc.py#L3-L9", { path: "src/calc.py", line: 3 }],
    ["my%20file.py", { path: "my file.py" }],
    ["command:workbench.action.quit", {}],
    ["file:///etc/passwd", {}],
    ["%E0%A4", {}],
  ])("read the target of a link: %s", (target, read) => {
    expect(readTarget(target)).toEqual({ web: undefined, path: undefined, line: undefined, ...read });
  });
});

describe("the list of chats", () => {
  const channel: Channel = { channelId: "c", title: "Sums", folder: "chats", state: "idle", updatedAt: "2026-01-01T10:00:00Z" };
  const now = Date.parse("2026-01-01T10:00:00Z");

  it.each([
    [0, "now"],
    [59, "now"],
    [60, "1 min"],
    [7200, "2 h"],
    [3 * 86_400, "3 d"],
    [15 * 86_400, "2 w"],
    [-5, "now"],
  ])("says how old a chat is: %i s", (seconds, words) => {
    expect(ago(channel.updatedAt, now + seconds * 1000)).toBe(words);
  });

  it.each([
    [{}, "circle-outline"],
    [{ state: "active" }, "loading~spin"],
    [{ state: "archived" }, "archive"],
    [{ state: "active", pendingApprovals: 1 }, "bell-dot"],
  ] as const)("shows a chat's state as an icon", (change, icon) => {
    expect(stateIcon({ ...channel, ...change })).toBe(icon);
  });

  it("has what goes on first and what is put away last", () => {
    const of = (channelId: string, state: Channel["state"], folder: Channel["folder"] = "chats"): Channel => ({
      ...channel,
      channelId,
      state,
      folder,
    });
    const all = [of("archived", "archived"), of("new", "idle"), of("task", "idle", "tasks"), of("old", "idle"), of("live", "active")];
    expect(inFolder(all, "chats").map(({ channelId }) => channelId)).toEqual(["live", "new", "old", "archived"]);
  });

  it("says all of it in the tooltip", () => {
    expect(tooltipLines({ ...channel, pendingApprovals: 2, agent: "coder", model: "box/m" }, now)).toEqual([
      "Sums",
      "2 questions wait for you, last used just now",
      "coder · box/m",
    ]);
  });
});

describe("who answers", () => {
  const chat = { id: "chat", doc: "", origin: "built_in" as const, model: "work/large", fallbacks: [], chosenBy: "default" as const };

  it("is the chat agent with the model of the settings, unless a person chose", () => {
    expect(answererOf(choiceOf(undefined), [chat])).toEqual({ agent: "Chat", model: "large", needsModel: false });
    expect(answererOf({ agent: "coder", model: "box/q", workflow: undefined }, [chat])).toEqual({
      agent: "Coder",
      model: "q",
      needsModel: false,
    });
    expect(answererOf({ agent: undefined, model: undefined, workflow: "team" }, [chat])).toMatchObject({
      agent: "Team",
      model: "each its own",
    });
  });

  it("is nobody where there is no model, which is known only once the server has told", () => {
    expect(answererOf(choiceOf(undefined), [{ ...chat, model: null }])).toMatchObject({ model: "No model", needsModel: true });
    expect(answererOf(choiceOf(undefined), undefined).needsModel).toBe(false);
  });

  const model = (id: string, more: Partial<ModelView> = {}): ModelView => ({
    id,
    provider: id.split("/")[0] ?? "",
    capabilities: {},
    ...more,
  });

  it("is chosen among favourites first, then host by host, without what is not installed", () => {
    const rows = modelRows([model("a/1"), model("b/1", { favourite: true }), model("b/2"), model("a/2", { installed: false })]);
    expect(rows.map((row) => (row.kind === "heading" ? `# ${row.label}` : row.model.id))).toEqual([
      "# favourites",
      "b/1",
      "# a",
      "a/1",
      "# b",
      "b/2",
    ]);
  });

  it("is told with state, window and price, as far as they are known", () => {
    expect(aboutModel(model("a/1", { state: "loaded", contextTokens: 128_000, price: { input: "3.00", output: "15.00" } }))).toBe(
      "loaded · 128k · $3 in, $15 out",
    );
    expect(aboutModel(model("a/1", { state: "available" }))).toBe("");
  });
});

describe("what stands around a chat", () => {
  const parts: Parts = {
    channelId: "c",
    channel: undefined,
    choice: choiceOf(undefined),
    agents: undefined,
    server: "running",
    run: undefined,
    isStopping: false,
    ended: undefined,
    spent: "",
    hasOlder: false,
  };

  it.each([
    [{}, "idle"],
    [{ run: { ...emptyRun("r"), state: "queued" } }, "queued"],
    [{ run: { ...emptyRun("r"), state: "running" } }, "running"],
    [{ run: { ...emptyRun("r"), state: "waiting" } }, "waiting"],
    [{ run: { ...emptyRun("r"), state: "waiting" }, isStopping: true }, "stopping"],
  ] as const)("says what goes on", (change, activity) => {
    expect(surroundingsOf({ ...parts, ...change }).activity).toBe(activity);
  });

  it("says that a server which is started again starts, and what a chat without a name is called", () => {
    expect(surroundingsOf({ ...parts, server: "restarting" })).toMatchObject({ server: "starting", title: "New Chat" });
  });
});

describe("what is dropped on a chat", () => {
  it.each([
    ["one file", "file:///src/a.py", ["file:///src/a.py"]],
    ["files, each once", "file:///a.py\r\n# a remark\r\nfile:///b%20c.py\r\nfile:///a.py", ["file:///a.py", "file:///b%20c.py"]],
    ["a file of the machine that we run on", "vscode-remote://localhost:8080/src/a.py", ["file:///src/a.py"]],
    ["no page of the network, and no command", "https://example.org/a.py\ncommand:coterie.chat.new\nuntitled:Untitled-1", []],
    ["nothing", "", []],
  ])("is %s", (_what, list, uris) => {
    expect(readDropped(list)).toEqual(uris);
  });
});
