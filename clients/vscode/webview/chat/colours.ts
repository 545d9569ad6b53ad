// Colours code by its language, once it is finished and the page has nothing else to do. The grammars are those of highlight.js; what they find
// becomes elements here, of classes that `colours.css` gives the theme's colours, and the text stays as it is.

import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import { element } from "../base/dom";

// biome-ignore format: one name beside the other
const grammars = createLowlight({
  bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, lua, makefile, markdown, php, python, ruby, rust, sql,
  swift, typescript, xml, yaml,
});
/** What models write behind a fence, and the grammar that has no such name. */
grammars.registerAlias({ bash: ["shell", "console", "zsh"], json: ["jsonc", "json5"], javascript: ["mjs", "cjs"] });

/** More than this nobody reads, and it would take too long. */
const LONGEST = 40_000;

type Found = ReturnType<typeof grammars.highlight>["children"][number];

/** Colour all code in an element when there is time. */
export function colourSoon(root: HTMLElement): void {
  const blocks = [...root.querySelectorAll<HTMLElement>("code[data-language]")].filter(isColourable);
  if (blocks.length > 0) {
    whenIdle(() => blocks.forEach(colour));
  }
}

/** Safari does not tell when it is idle. */
function whenIdle(act: () => void): void {
  if (typeof requestIdleCallback === "function") {
    requestIdleCallback(act);
  } else {
    setTimeout(act);
  }
}

function isColourable({ dataset, textContent }: HTMLElement): boolean {
  return grammars.registered(dataset["language"] ?? "") && (textContent ?? "").length <= LONGEST;
}

function colour(code: HTMLElement): void {
  const { children } = grammars.highlight(code.dataset["language"] ?? "", code.textContent ?? "");
  code.replaceChildren(...children.flatMap(nodesOf));
}

function nodesOf(found: Found): readonly Node[] {
  if (found.type === "text") {
    return [document.createTextNode(found.value)];
  }
  if (found.type !== "element") {
    return [];
  }
  const { className } = found.properties;
  return [element("span", { class: Array.isArray(className) ? className.join(" ") : "" }, ...found.children.flatMap(nodesOf))];
}
