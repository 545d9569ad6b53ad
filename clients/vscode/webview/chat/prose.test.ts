// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FromView } from "../../src/messages/chat";
import { followLinks, rendered } from "./markdown";
import { Prose } from "./prose";

const posted: FromView[] = [];
const idle: (() => void)[] = [];
const post = (message: FromView): void => void posted.push(message);
const shown = (text: string): HTMLElement => {
  const root = document.createElement("div");
  root.append(rendered(text, post));
  return root;
};

beforeEach(() => {
  posted.length = 0;
  idle.length = 0;
  vi.stubGlobal("requestIdleCallback", (work: () => void) => idle.push(work));
});

it("shows code in a browser that does not tell when it is idle, and colours it soon", async () => {
  vi.stubGlobal("requestIdleCallback", undefined);
  const prose = new Prose(post);
  prose.show("```python\ndef x(): pass\n```\n", false);
  await vi.waitFor(() => expect(prose.element.querySelector(".hljs-keyword")?.textContent).toBe("def"), { timeout: 30_000 });
});

describe("Markdown of a model", () => {
  it.each([
    ["HTML", "<img src=x onerror=alert(1)><script>alert(1)</script>", "img, script"],
    ["an image", "![alt](https://example.org/track.png)", "img"],
    ["a link that is a script", "[x](javascript:alert(1))", "a"],
    ["an address that VS Code would follow by itself", "[x](https://example.org)", "[href]"],
    ["a link into the disk", "[x](file:///etc/passwd)", "a"],
    ["a style", '<p style="position:fixed">x</p>', "[style]"],
  ])("never becomes an element that acts: %s", (_what, text, selector) => {
    expect(shown(text).querySelector(selector)).toBeNull();
  });

  it("shows HTML as the text that it is, and an image as a link", () => {
    expect(shown("a <b>bold</b> word").textContent).toContain("<b>bold</b>");
    const image = shown("![alt](https://example.org/a.png)");
    expect([image.textContent?.trim(), image.querySelector("a")?.dataset["target"]]).toEqual(["alt", "https://example.org/a.png"]);
    expect(shown("![](https://example.org/a.png)").textContent?.trim()).toBe("https://example.org/a.png");
    const badge = shown("[![build](https://example.org/a.svg)](https://example.org/ci)");
    expect([badge.textContent?.trim(), badge.querySelector("a")?.dataset["target"]]).toEqual(["build", "https://example.org/ci"]);
  });

  it("makes links of addresses that say how they are reached, and of nothing that only looks like one", () => {
    const root = shown("See https://example.org/a?b=c, calc.py, example.org and me@example.org.");
    expect([...root.querySelectorAll("a")].map((link) => link.dataset["target"])).toEqual(["https://example.org/a?b=c"]);
  });

  it("reads each block in the direction of its own words, all of what is in it alike", () => {
    const whole = shown("# a\n\nb\n\n- c\n\n  d\n\n> e\n\n|f|\n|-|\n|g|\n\n```\nh\n```\n");
    const told = [...whole.querySelectorAll("[dir]")].map((each) => `${each.tagName} ${each.getAttribute("dir")}`);
    expect(told).toEqual(["H1 auto", "P auto", "UL auto", "BLOCKQUOTE auto", "TABLE auto"]);
  });

  it("aligns the columns of a table as it says", () => {
    const cells = shown("| a | b | c | d |\n|---|:--|:-:|--:|\n| 1 | 2 | 3 | 4 |\n").querySelectorAll<HTMLElement>("th, td");
    expect([...cells].map((cell) => cell.dataset["align"])).toEqual(Array(2).fill([undefined, "left", "center", "right"]).flat());
  });

  it("shows which items of a list are done", () => {
    const boxes = (text: string): (string | null)[] =>
      [...shown(text).querySelectorAll(".task")].map((box) => box.getAttribute("aria-label"));
    expect(boxes("- [ ] one\n- [x] two\n- [link](calc.py)\n")).toEqual(["to do", "done"]);
    expect(boxes("- [X] one\n\n- [ ] two\n")).toEqual(["done", "to do"]);
    expect(shown("- [x] two").textContent?.trim()).toBe("two");
  });

  it("has its links followed by the extension and by nobody else", () => {
    const root = shown("See [calc](calc.py:3).");
    followLinks(root, post);
    const link = root.querySelector("a");
    link?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    link?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    link?.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    expect(posted).toEqual(Array(2).fill({ kind: "link", target: "calc.py:3" }));
  });

  it("gives code its name and its buttons, which hand on exactly the code", () => {
    const root = shown("```python calc.py\n<b>&amp;\n```\n");
    expect(root.querySelector(".code-name")?.textContent).toBe("calc.py");
    for (const button of root.querySelectorAll<HTMLButtonElement>(".code button")) {
      button.click();
    }
    const code = { kind: "code", text: "<b>&amp;\n", info: "python calc.py" };
    expect(posted).toEqual([
      { ...code, verb: "copy" },
      { ...code, verb: "insert" },
      { ...code, verb: "apply" },
    ]);
  });
});

describe("footnotes", () => {
  const told = (text: string): HTMLElement => {
    const prose = new Prose(post);
    for (let at = 1; at < text.length; at += 7) {
      prose.show(text.slice(0, at), true);
    }
    prose.show(text, false);
    document.body.replaceChildren(prose.element);
    return prose.element;
  };

  it("leads from a mark to its note, wherever that stands, by the mouse and by keys", () => {
    const prose = told("It subtracts[^1], as *written*[^why].\n\nMore.\n\n[^1]: See `calc.py`\nline 2.\n[^why]: https://example.org/why\n");
    expect([...prose.querySelectorAll("sup")].map((mark) => mark.textContent)).toEqual(["1", "why"]);
    const notes = [...prose.querySelectorAll<HTMLElement>("[data-note]")];
    expect(notes.map((note) => note.textContent)).toEqual(["1. See calc.py\nline 2.", "why. https://example.org/why"]);
    followLinks(prose, post);
    for (const note of notes) {
      note.scrollIntoView = vi.fn();
    }
    const [first, second] = prose.querySelectorAll<HTMLElement>("sup a");
    first?.click();
    expect([notes[0]?.scrollIntoView, document.activeElement]).toEqual([expect.any(Function), notes[0]]);
    second?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(document.activeElement).toBe(notes[1]);
    expect(posted).toEqual([]);
  });

  it("leaves what only looks like a mark as it was written", () => {
    const prose = told("All but [^0-9], `[^a]` and [^nothing].\n\n[^a]: one\n");
    expect(prose.querySelector("sup")).toBeNull();
    expect(prose.textContent).toContain("All but [^0-9], [^a] and [^nothing].");
  });
});

describe("a text that grows", () => {
  const TEXT = "First *words*.\n\n1. one\n\n2. two\n\n```py\nx = 1\n\ny = 2\n```\n\nLast `words`.";

  it("looks at its end as if it had come at once, however it came", () => {
    const whole = new Prose(post);
    whole.show(TEXT, false);
    for (const size of [1, 5, 17]) {
      const prose = new Prose(post);
      for (let at = size; at < TEXT.length; at += size) {
        prose.show(TEXT.slice(0, at), true);
      }
      prose.show(TEXT, false);
      expect(prose.element.innerHTML).toBe(whole.element.innerHTML);
    }
    expect(whole.element.querySelectorAll("ol")).toHaveLength(1);
  });

  it("leaves what is finished alone, so that a selection in it stays", () => {
    const prose = new Prose(post);
    prose.show("One.\n\nTwo", true);
    prose.show("One.\n\nTwo.\n\nThree\n", true);
    const [first, second] = prose.element.children;
    prose.show("One.\n\nTwo.\n\nThree\n\nFour\n", true);
    expect(prose.element.children).toHaveLength(4);
    expect(prose.element.children[0]).toBe(first);
    expect(prose.element.children[1]).toBe(second);
  });

  it("adds to code that streams, without its fence and without rendering it anew", () => {
    const prose = new Prose(post);
    prose.show("```py\nx", true);
    const code = prose.element.querySelector("code")?.firstChild;
    prose.show("```py\nx = 1\n``", true);
    expect(code?.textContent).toBe("x = 1\n");
    expect(prose.element.querySelector("code")?.firstChild).toBe(code);
  });

  it.each([
    ["more behind it", "```py calc.py\nx = 1\n```\n\nMore", true],
    ["more behind it in the same piece", "```py calc.py\nx = 1\ny = 2\n```\nMore", true],
    ["the end of all", "```py calc.py\nx = 1\n```", false],
    ["the end of all, and no end of its own", "```py calc.py\nx = 1\n", false],
  ])("keeps the buttons of code that is finished by %s", (_what, text, isPartial) => {
    const prose = new Prose(post);
    prose.show("```py calc.py\nx = ", true);
    const button = prose.element.querySelector("button");
    prose.show(text, isPartial);
    expect(prose.element.querySelector("button")).toBe(button);
    button?.click();
    const whole = new Prose(post);
    whole.show(text, isPartial);
    whole.element.querySelector("button")?.click();
    expect(posted[0]).toEqual(posted[1]);
    expect(prose.element.innerHTML).toBe(whole.element.innerHTML);
  });

  it.each([
    ["a sentence", "Some **bold** words", "Some **bold** words and more", "Some "],
    ["a sentence that ends", "Some **bold** words", "Some **bold** words.\n\nMore", "bold"],
    ["an item of a list", "- one\n- tw", "- one\n- two\n- three\n", "one"],
    ["code in a list", "- a\n\n  ```py\n  x = 1\n  y", "- a\n\n  ```py\n  x = 1\n  y = 2\n  ```\n", "x = 1\ny"],
  ])("keeps what is selected while %s goes on", (_what, text, more, selected) => {
    const prose = new Prose(post);
    document.body.replaceChildren(prose.element);
    prose.show(text, true);
    const walker = document.createTreeWalker(prose.element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() && !(walker.currentNode as Text).data.startsWith(selected)) {
      // the next one
    }
    getSelection()?.setBaseAndExtent(walker.currentNode, 0, walker.currentNode, selected.length);
    for (const isPartial of [true, false]) {
      prose.show(more, isPartial);
      expect(getSelection()?.toString()).toBe(selected);
    }
    const whole = new Prose(post);
    whole.show(more, false);
    expect(prose.element.innerHTML).toBe(whole.element.innerHTML);
    for (const shown of [prose, whole]) {
      shown.element.querySelector("button")?.click();
    }
    expect(posted[0]).toEqual(posted[1]);
  });

  it("hands on by the buttons of code in a list all of it, also where its name came in two pieces", () => {
    const prose = new Prose(post);
    prose.show("- a\n\n  ```py ca", true);
    prose.show("- a\n\n  ```py calc.py\n  x = 1\n", true);
    prose.show("- a\n\n  ```py calc.py\n  x = 1\n  y = 2\n  ```\n", false);
    prose.element.querySelector("button")?.click();
    expect(posted).toEqual([{ kind: "code", verb: "copy", text: "x = 1\ny = 2\n", info: "py calc.py" }]);
  });

  it("begins anew when the text became another one", () => {
    const prose = new Prose(post);
    prose.show("wrong", true);
    prose.show("right", false);
    expect(prose.element.textContent?.trim()).toBe("right");
  });
});

describe("the colours of code", () => {
  const work = (): void => {
    for (const task of idle.splice(0)) {
      task();
    }
  };
  const kinds = (root: HTMLElement): string[] =>
    [...root.querySelectorAll("code span")].map((span) => `${span.className} ${span.textContent}`);

  it("come once it is finished and nobody is busy, and not for each word", () => {
    const prose = new Prose(post);
    for (const text of ["```py\n", "```py\nreturn 1", "```py\nreturn 1\n"]) {
      prose.show(text, true);
    }
    expect(idle).toEqual([]);
    prose.show("```py\nreturn 1\n```\n\nDone\n", true);
    expect(kinds(prose.element)).toEqual([]);
    work();
    expect(kinds(prose.element)).toEqual(["hljs-keyword return", "hljs-number 1"]);
    prose.show("```py\nreturn 1\n```\n\nDone\n.", false);
    work();
    expect(kinds(prose.element)).toHaveLength(2);
  });

  it("leave the text and what its buttons hand on as they are", () => {
    const prose = new Prose(post);
    const code = 'if (a < b && c) { return "<b>"; } // é\n';
    prose.show(`\`\`\`ts\n${code}\`\`\``, false);
    work();
    expect(kinds(prose.element).length).toBeGreaterThan(2);
    expect(prose.element.querySelector("code")?.textContent).toBe(code);
    prose.element.querySelector("button")?.click();
    expect(posted).toEqual([{ kind: "code", verb: "copy", text: code, info: "ts" }]);
  });

  it.each([
    ["a language that is not known", "```nonsense\nreturn 1\n```"],
    ["no language", "```\nreturn 1\n```"],
    ["more than anybody reads", `\`\`\`py\n${"return 1\n".repeat(5000)}\`\`\``],
  ])("stay away from %s", (_what, text) => {
    const prose = new Prose(post);
    prose.show(text, false);
    work();
    expect(kinds(prose.element)).toEqual([]);
  });
});
