// The chat's page: hears the extension, holds the conversation and what is being written, and keeps both places over a reload.

import type { FromView, Spoken, Surroundings, ToView, Trouble } from "../../src/messages/chat";
import { element, icon } from "../base/dom";
import { connect } from "../base/host";
import { Composer } from "./composer";
import { acceptDrops } from "./dropping";
import { emptyChat } from "./empty";
import { isStop } from "./keys";
import { followLinks } from "./markdown";
import { type Place, Transcript } from "./transcript";

/** What VS Code keeps for this page. */
interface Kept {
  readonly channelId: string | undefined;
  readonly page: string | undefined;
  readonly place: Place;
}

const host = connect<FromView, Spoken, Kept>(take);
const composer = new Composer({
  post: host.post,
  said: () => transcript.said,
  refuse: (why) => showTrouble({ text: why, action: undefined }),
});
const transcript = new Transcript({ post: ask, edit: (item) => composer.edit(item) }, moved);
const older = element("button", { class: "link older", type: "button", hidden: true }, "Show Earlier Messages");
const toEnd = element(
  "button",
  { class: "to-end icon-button", type: "button", hidden: true, title: "To the Latest Message", aria: { label: "To the Latest Message" } },
  icon("arrow-down"),
);
const trouble = element("div", { class: "trouble", role: "alert", hidden: true });
const nothing = element("div", { class: "nothing" });
const said = element("div", { class: "visually-hidden", role: "status", aria: { live: "polite" } });
let now: Surroundings | undefined;
let activity: Surroundings["activity"] = "idle";
let isOpen = false;

const page = element(
  "main",
  {},
  older,
  nothing,
  transcript.element,
  element("div", { class: "over" }, toEnd),
  trouble,
  composer.element,
  said,
);
document.getElementById("root")?.append(page);
acceptDrops(page, host.post);
followLinks(transcript.element, host.post);
older.addEventListener("click", () => host.post({ kind: "older" }));
toEnd.addEventListener("click", () => {
  transcript.toEnd();
  composer.focus();
});
transcript.element.addEventListener("scrollend", keep);
window.addEventListener("focus", (event) => {
  if (event.target === window && document.activeElement === document.body) {
    composer.focus();
  }
});
window.addEventListener("keydown", (event) => {
  if (activity !== "idle" && isStop(event, navigator.platform)) {
    event.preventDefault();
    host.post({ kind: "stop" });
  }
});
transcript.goTo(host.state()?.place);
host.post({ kind: "ready", channelId: host.state()?.channelId });

/** What comes before it is said which chat is shown was meant for the page before this one: it is said again where it matters. */
function take({ message, number }: Spoken): void {
  isOpen ||= message.kind === "opened";
  if (!isOpen) {
    return;
  }
  receive(message);
  if (number !== undefined) {
    host.post({ kind: "heard", number });
  }
}

function receive(message: ToView): void {
  switch (message.kind) {
    case "surroundings":
      surround(message.now);
      break;
    case "opened":
      open(message);
      break;
    case "patch":
      transcript.apply(message.patch);
      // By then it is shown.
      requestAnimationFrame(showNothing);
      break;
    case "completions":
      composer.completions(message.request, message.found);
      break;
    case "attach":
      composer.attach(message.chip);
      break;
    case "write":
      composer.write(message.text, message.chips);
      break;
    case "sent":
      composer.sent();
      transcript.toEnd();
      break;
    case "trouble":
      showTrouble(message.trouble);
      break;
    case "unanswered":
      transcript.refresh(message.itemId);
      break;
    case "reveal":
      transcript.reveal(message.itemId);
      break;
    case "focus":
      composer.focus();
      break;
  }
}

/** What a row asks for. Who answers a question wants to see what comes of it. */
function ask(message: FromView): void {
  host.post(message);
  if (message.kind === "answer") {
    transcript.toEnd();
  }
}

function open({ channelId, page: name, text, chips }: Extract<ToView, { kind: "opened" }>): void {
  const kept = host.state();
  const isSame = channelId === kept?.channelId;
  if (!isSame) {
    transcript.goTo(undefined);
  }
  host.keep({ channelId, page: name, place: (isSame ? kept?.place : undefined) ?? { itemId: undefined, below: 0 } });
  transcript.clear();
  composer.open(channelId, text, chips);
  activity = "idle";
  said.textContent = "";
  showTrouble(undefined);
  showNothing();
}

function surround(next: Surroundings): void {
  now = next;
  older.hidden = !next.hasOlder;
  composer.surround(next);
  showNothing();
  if (next.activity !== activity) {
    activity = next.activity;
    said.textContent = (activity === "idle" ? next.ended : undefined) ?? ANNOUNCED[activity];
  }
}

/** What a screen reader is told, once for each state and not for each word. */
const ANNOUNCED: Readonly<Record<Surroundings["activity"], string>> = {
  idle: "The answer is complete.",
  queued: "The run waits for its turn.",
  running: "Coterie answers.",
  waiting: "Coterie waits for your answer.",
  stopping: "The run is being stopped.",
};

function showNothing(): void {
  const isEmpty = transcript.isEmpty && now !== undefined;
  nothing.hidden = !isEmpty;
  transcript.element.hidden = isEmpty;
  const kind = isEmpty ? `${now?.server} ${now?.needsModel}` : "";
  // Made anew only for another reason: somebody may be on one of its buttons.
  if (now !== undefined && isEmpty && kind !== nothing.dataset["kind"]) {
    nothing.dataset["kind"] = kind;
    nothing.replaceChildren(
      emptyChat(now, host.post, (text) => {
        composer.write(text, composer.chips);
        composer.focus();
      }),
    );
  }
}

function showTrouble(what: Trouble | undefined): void {
  trouble.hidden = what === undefined;
  if (what === undefined) {
    return;
  }
  const close = element("button", { class: "icon-button", type: "button", title: "Close", aria: { label: "Close" } }, icon("close"));
  close.addEventListener("click", () => showTrouble(undefined));
  const { action } = what;
  const help = action && element("button", { class: "button", type: "button" }, action.label);
  help?.addEventListener("click", () => action && host.post({ kind: "remedy", command: action.command }));
  trouble.replaceChildren(icon("error"), element("span", { class: "trouble-text" }, what.text), help ?? "", close);
}

function moved(isAtEnd: boolean): void {
  toEnd.hidden = isAtEnd;
  keep();
}

function keep(): void {
  host.keep({ channelId: now?.channelId, page: host.state()?.page, place: transcript.place() });
}
