// Markdown of a model as elements: no HTML of its own, nothing from the network, links and code in the hands of the extension.

import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { readInfo } from "../../src/chat/code";
import type { FromView } from "../../src/messages/chat";
import { element, icon } from "../base/dom";
import { footnotes, goToNote } from "./footnotes";

export type Post = (message: FromView) => void;

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false }).use(footnotes);
// An address that says how it is reached, and nothing that only looks like one: `calc.py` is no host in Paraguay.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
// An image would be fetched from wherever a model says: it is a link, and within a link, as a badge is, the words for it alone.
markdown.renderer.rules["image"] = (tokens, index) => {
  const { content = "" } = tokens[index] ?? {};
  const { escapeHtml } = markdown.utils;
  const source = tokens[index]?.attrGet("src") ?? "";
  const words = escapeHtml(content === "" ? source : content);
  const depth = tokens.slice(0, index).reduce((open, { type }) => open + (type === "link_open" ? 1 : type === "link_close" ? -1 : 0), 0);
  return depth > 0 ? words : `<a href="${escapeHtml(source)}">${words}</a>`;
};
markdown.renderer.rules["fence"] = (tokens, index) => {
  const { info = "", content = "" } = tokens[index] ?? {};
  const { escapeHtml } = markdown.utils;
  return `<pre data-info="${escapeHtml(info)}"><code>${escapeHtml(content)}</code></pre>`;
};
// How a column is aligned is said in a style, which the page's policy forbids.
for (const cell of ["th_open", "td_open"]) {
  markdown.renderer.rules[cell] = (tokens, index, options, _environment, renderer) => {
    const token = tokens[index];
    const [, side] = /^text-align:(\w+)$/.exec(token?.attrGet("style") ?? "") ?? [];
    if (token !== undefined && side !== undefined) {
      token.attrs = [["data-align", side]];
    }
    return renderer.renderToken(tokens, index, options);
  };
}
// Each block is read in the direction of its own first word; what is in it follows, so that a list has its marks where its words begin.
markdown.core.ruler.push("direction", ({ tokens }) => {
  for (const token of tokens.filter(({ level, nesting }) => level === 0 && nesting === 1)) {
    token.attrSet("dir", "auto");
  }
});

const POLICY = {
  RETURN_DOM_FRAGMENT: true,
  FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "img", "svg", "math", "video", "audio", "iframe"],
  FORBID_ATTR: ["style", "class", "id", "name", "target", "srcset", "src"],
  // Files with a line (`calc.py:3`) look like a scheme; what is none of these loses its address.
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|[^:]*$|[^:]*\.\w+:\d)/i,
} as const;

/** Return a text as elements, ready to be shown. */
export function rendered(text: string, post: Post): DocumentFragment {
  const fragment = DOMPurify.sanitize(markdown.render(text), {
    ...POLICY,
    FORBID_TAGS: [...POLICY.FORBID_TAGS],
    FORBID_ATTR: [...POLICY.FORBID_ATTR],
  });
  for (const pre of fragment.querySelectorAll("pre")) {
    pre.replaceWith(codeBlock(pre.dataset["info"] ?? "", pre.textContent ?? "", post).element);
  }
  for (const link of fragment.querySelectorAll("a")) {
    const target = link.getAttribute("href");
    link.replaceWith(...(target === null ? link.childNodes : [linkTo(target, [...link.childNodes])]));
  }
  for (const item of fragment.querySelectorAll("li")) {
    tick(item);
  }
  for (const table of fragment.querySelectorAll("table")) {
    const frame = element("div", { class: "table", tabindex: 0, role: "region", aria: { label: "Table" } });
    table.replaceWith(frame);
    frame.append(table);
  }
  return fragment;
}

/** Show the box of an item that is to be done, or is: `[ ]` and `[x]` are what GitHub makes of it. */
function tick(item: Element): void {
  const first = item.firstElementChild?.matches("p") === true ? item.firstElementChild.firstChild : item.firstChild;
  const [mark, box] = (first instanceof Text ? TASK.exec(first.data) : null) ?? [];
  if (first instanceof Text && mark !== undefined && box !== undefined) {
    const isDone = box !== " ";
    first.data = first.data.slice(mark.length);
    first.before(
      element(
        "span",
        { class: "task", role: "img", aria: { label: isDone ? "done" : "to do" } },
        icon(isDone ? "pass" : "circle-large-outline"),
      ),
    );
  }
}

const TASK = /^\[([ xX])\] /;

/** Hand a link to the extension: a webview opens nothing itself. */
export function followLinks(root: HTMLElement, post: Post): void {
  const follow = (event: Event): void => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-target], a[data-mark]") : null;
    if (link?.dataset["mark"] !== undefined) {
      goToNote(link);
    } else if (link !== null) {
      event.preventDefault();
      post({ kind: "link", target: link.dataset["target"] ?? "" });
    }
  };
  root.addEventListener("click", follow);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      follow(event);
    }
  });
}

/** A link without an address: VS Code would follow that by itself, and knows nothing of files with lines. */
function linkTo(target: string, shown: readonly Node[]): HTMLElement {
  const link = element("a", { role: "link", tabindex: 0, title: target, data: { target } });
  link.append(...shown);
  return link;
}

/** A block of code with what can be done with it; `code` is the node that more of it may be added to. */
export function codeBlock(info: string, text: string, post: Post): { readonly element: HTMLElement; readonly code: Text } {
  const { language, path } = readInfo(info);
  const code = document.createTextNode(text);
  const act = (verb: "copy" | "insert" | "apply", symbol: string, label: string): HTMLButtonElement =>
    element(
      "button",
      {
        class: "icon-button",
        type: "button",
        title: label,
        aria: { label },
        on: {
          click: (event) => {
            post({ kind: "code", verb, text: code.data, info });
            if (verb === "copy" && event.currentTarget instanceof HTMLElement) {
              confirmCopy(event.currentTarget);
            }
          },
        },
      },
      icon(symbol),
    );
  const bar = element(
    "div",
    { class: "code-bar" },
    element("span", { class: "code-name" }, path ?? language),
    act("copy", "copy", "Copy the Code"),
    act("insert", "insert", "Insert at the Cursor"),
    act("apply", "diff", path === undefined ? "Apply to the Active File" : `Apply to ${path}`),
  );
  const body = element("code", { data: { language } });
  body.append(code);
  const pre = element("pre", { tabindex: 0, aria: { label: `Code${language === "" ? "" : ` in ${language}`}` } }, body);
  return { element: element("div", { class: "code" }, bar, pre), code };
}

const SHOWN_MS = 1200;

/** Show for a moment that it was copied. */
export function confirmCopy(button: HTMLElement): void {
  const symbol = button.querySelector(".codicon");
  symbol?.classList.replace("codicon-copy", "codicon-check");
  setTimeout(() => symbol?.classList.replace("codicon-check", "codicon-copy"), SHOWN_MS);
}
