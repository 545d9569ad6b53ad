// What a chat shows before anything is said: what can be asked, or what is missing for that.

import type { Surroundings } from "../../src/messages/chat";
import { element, icon } from "../base/dom";
import type { Post } from "./markdown";

export interface Starter {
  readonly icon: string;
  readonly label: string;
  readonly text: string;
}

const STARTERS: readonly Starter[] = [
  { icon: "compass", label: "Explain this project", text: "Explain how this project is built: its parts, and where to start reading." },
  { icon: "bug", label: "Find out why a test fails", text: "Run the tests, and find out why the first one that fails does." },
  { icon: "diff", label: "Review my changes", text: "Review my uncommitted changes: what is wrong, and what is missing?" },
];

export function emptyChat(now: Surroundings, post: Post, begin: (text: string) => void): HTMLElement {
  const frame = element("div", { class: "empty" }, element("div", { class: "mark" }, icon("comment-discussion")));
  if (now.server === "starting") {
    frame.append(element("p", {}, "The server starts…"));
  } else if (now.server !== "running") {
    frame.append(
      element("p", {}, "Coterie's server does not run."),
      button("Start the Server", () => post({ kind: "remedy", command: "coterie.restartServer" })),
    );
  } else if (now.needsModel) {
    frame.append(
      element("h1", {}, "Choose a model to begin"),
      element("p", {}, "Coterie works with any model: on your machine, or with a key of yours. Keys stay in this machine's vault."),
      button("Set Up a Model", () => post({ kind: "remedy", command: "coterie.settings.open" })),
    );
  } else {
    const starters = STARTERS.map((starter) => {
      const made = element("button", { class: "starter", type: "button" }, icon(starter.icon), element("span", {}, starter.label));
      made.addEventListener("click", () => begin(starter.text));
      return made;
    });
    frame.append(element("h1", {}, "What shall we do?"), element("div", { class: "starters" }, ...starters), hints());
  }
  return frame;
}

function hints(): HTMLElement {
  const hint = (key: string, text: string): HTMLElement => element("li", {}, element("kbd", {}, key), element("span", {}, text));
  return element(
    "ul",
    { class: "hints" },
    hint("@", "attach a file, a symbol, the selection, problems"),
    hint("/", "commands of the chat"),
  );
}

function button(label: string, click: () => void): HTMLButtonElement {
  const made = element("button", { class: "button", type: "button" }, label);
  made.addEventListener("click", click);
  return made;
}
