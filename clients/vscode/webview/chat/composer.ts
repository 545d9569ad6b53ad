// Where one writes: the text, what goes along as chips, who answers, and the buttons that send and stop.

import { type Asking, askingAt, type Chip, type Completion, completed } from "../../src/chat/draft";
import type { UserItem } from "../../src/chat/items";
import type { Surroundings } from "../../src/messages/chat";
import { element, icon } from "../base/dom";
import { ChipRow } from "./chips";
import { CompletionList } from "./completion";
import type { Post } from "./markdown";
import { action } from "./row";

export class Composer {
  readonly element: HTMLElement;
  readonly #post: Post;
  readonly #field: HTMLTextAreaElement;
  readonly #completions: CompletionList;
  readonly #chips = new ChipRow(() => {
    this.#keep();
    this.focus();
  });
  readonly #editing = element("div", { class: "editing", hidden: true });
  readonly #agent = picker("Who answers", "The agent that answers");
  readonly #model = picker("Model", "The model that answers");
  readonly #spent = element("span", { class: "spent", title: "What this chat has used so far" });
  readonly #stop = action("stop-circle", "Stop", () => this.#post({ kind: "stop" }));
  readonly #send = action("send", "Send", () => this.#submit());
  #insteadOf: UserItem | undefined;
  #asking: Asking | undefined;
  #request = 0;
  #isOpen = false;
  #isSending = false;
  #now: Surroundings | undefined;

  constructor(post: Post) {
    this.#post = post;
    this.#field = element("textarea", {
      rows: 1,
      role: "combobox",
      aria: { label: "Message", autocomplete: "list", controls: "completions", expanded: false },
    });
    this.#completions = new CompletionList(this.#field, (chosen) => this.#complete(chosen));
    const attach = action("attach", "Attach…", () => post({ kind: "choose", what: "attachment" }));
    this.#agent.button.addEventListener("click", () => post({ kind: "choose", what: "agent" }));
    this.#model.button.addEventListener("click", () => post({ kind: "choose", what: "model" }));
    this.#listen();
    this.element = element(
      "div",
      { class: "composer" },
      this.#completions.element,
      this.#editing,
      element(
        "div",
        { class: "box" },
        this.#chips.element,
        this.#field,
        element(
          "div",
          { class: "bar" },
          attach,
          this.#agent.button,
          this.#model.button,
          element("span", { class: "gap" }),
          this.#stop,
          this.#send,
        ),
      ),
      element("div", { class: "below" }, this.#spent),
    );
    this.#enable();
  }

  get text(): string {
    return this.#field.value;
  }

  get chips(): readonly Chip[] {
    return this.#chips.all;
  }

  /** Replace what is written. */
  write(text: string, chips: readonly Chip[]): void {
    this.#isSending = false;
    this.#field.value = text;
    this.#chips.show(chips);
    this.#changed();
  }

  /** Show what was being written in a chat: before it is known which one is shown, nothing can be. */
  open(text: string, chips: readonly Chip[]): void {
    this.#isOpen = true;
    this.#edit(undefined);
    this.write(text, chips);
  }

  /** What was sent has arrived. */
  sent(): void {
    this.#edit(undefined);
    this.write("", []);
  }

  attach(chip: Chip): void {
    this.#chips.add(chip);
    this.#keep();
    this.focus();
  }

  /** Write a message anew that was sent before. */
  edit(item: UserItem): void {
    this.#edit(item);
    this.write(item.text, []);
    this.focus();
  }

  focus(): void {
    this.#field.focus();
  }

  completions(request: number, found: readonly Completion[]): void {
    if (request === this.#request && this.#asking !== undefined) {
      this.#completions.show(found);
    }
  }

  surround(now: Surroundings): void {
    this.#now = now;
    this.#agent.label.textContent = now.agent;
    this.#model.label.textContent = now.model;
    this.#spent.textContent = now.spent;
    const goesOn = now.activity !== "idle";
    this.#stop.hidden = !goesOn;
    const label = now.activity === "stopping" ? "Stopping…" : "Stop";
    this.#stop.title = label;
    this.#stop.setAttribute("aria-label", label);
    this.#stop.setAttribute("aria-disabled", String(now.activity === "stopping"));
    const sends = goesOn ? "Say It to the Run" : "Send";
    this.#send.title = sends;
    this.#send.setAttribute("aria-label", sends);
    this.#field.placeholder = placeholder(now);
    this.#enable();
  }

  #listen(): void {
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#press(event));
    this.#field.addEventListener("blur", () => this.#completions.hide());
    this.#field.addEventListener("click", () => this.#ask());
  }

  #press(event: KeyboardEvent): void {
    if (this.#completions.press(event) || event.isComposing) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#insteadOf !== undefined) {
      this.sent();
    } else if (event.key === "Backspace" && this.#field.selectionEnd === 0 && this.chips.length > 0) {
      this.#chips.remove(this.chips.at(-1));
    }
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (text === "" || this.#isSending || this.#now?.needsModel === true) {
      return;
    }
    this.#isSending = true;
    this.#enable();
    this.#post({ kind: "send", text, chips: this.chips, insteadOf: this.#insteadOf?.messageId });
  }

  #changed(): void {
    this.#enable();
    this.#fit();
    this.#ask();
    this.#keep();
  }

  #keep(): void {
    this.#post({ kind: "draft", text: this.#field.value, chips: this.chips });
  }

  #enable(): void {
    this.#field.readOnly = this.#isSending || !this.#isOpen;
    this.#field.setAttribute("aria-busy", String(this.#isSending));
    this.#send.disabled = this.#field.value.trim() === "" || this.#isSending || this.#now?.needsModel === true;
  }

  /** As high as the text, up to what the style allows. */
  #fit(): void {
    this.#field.rows = Math.max(1, this.#field.value.split("\n").length);
    while (this.#field.scrollHeight > this.#field.clientHeight && this.#field.rows < MOST_ROWS) {
      this.#field.rows += 1;
    }
  }

  #ask(): void {
    this.#asking =
      this.#field.selectionStart === this.#field.selectionEnd ? askingAt(this.#field.value, this.#field.selectionEnd) : undefined;
    this.#request += 1;
    if (this.#asking === undefined) {
      this.#completions.hide();
    } else {
      this.#post({ kind: "complete", request: this.#request, sigil: this.#asking.sigil, query: this.#asking.query });
    }
  }

  #complete(chosen: Completion): void {
    if (this.#asking === undefined) {
      return;
    }
    const { text, cursor } = completed(this.#field.value, this.#field.selectionEnd, this.#asking, chosen.insert);
    this.#field.value = text;
    this.#field.setSelectionRange(cursor, cursor);
    if (chosen.chip !== undefined) {
      this.#chips.add(chosen.chip);
    }
    this.#changed();
  }

  #edit(item: UserItem | undefined): void {
    this.#insteadOf = item;
    this.#editing.hidden = item === undefined;
    const cancel = element("button", { class: "link", type: "button" }, "Cancel");
    cancel.addEventListener("click", () => {
      this.sent();
      this.focus();
    });
    this.#editing.replaceChildren(
      icon("edit"),
      element("span", {}, "An earlier message, written anew: it is sent in a new chat, and this one stays as it is."),
      cancel,
    );
  }
}

const MOST_ROWS = 14;

function placeholder({ activity, server, needsModel }: Surroundings): string {
  if (server !== "running") {
    return server === "starting" ? "The server starts…" : "The server does not run";
  }
  if (needsModel) {
    return "Choose a model first";
  }
  return activity === "idle" ? "Ask anything" : "Say something to the run";
}

function picker(name: string, title: string): { readonly button: HTMLButtonElement; readonly label: HTMLElement } {
  const label = element("span", { class: "picker-label" });
  const button = element(
    "button",
    { class: "picker", type: "button", title, aria: { haspopup: "listbox" } },
    element("span", { class: "visually-hidden" }, `${name}: `),
    label,
    icon("chevron-down"),
  );
  return { button, label };
}
