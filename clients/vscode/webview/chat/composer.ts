// Where one writes: the text, what goes along as chips, who answers, and the buttons that send and stop.

import { type Asking, askingAt, type Chip, type Completion, completed } from "../../src/chat/draft";
import type { UserItem } from "../../src/chat/items";
import { Recall } from "../../src/chat/recall";
import type { Surroundings } from "../../src/messages/chat";
import { element } from "../base/dom";
import { ChipRow } from "./chips";
import { CompletionList } from "./completion";
import { Field } from "./field";
import type { Post } from "./markdown";
import { takePaste } from "./pasting";
import { picker } from "./picker";
import { Rewriting } from "./rewriting";
import { action } from "./row";

/** What stands around what is being written. */
export interface Around {
  readonly post: Post;
  /** What was said in the chat so far. */
  said(): readonly string[];
  refuse(why: string): void;
}

export class Composer {
  readonly element: HTMLElement;
  readonly #around: Around;
  readonly #field = new Field();
  readonly #completions: CompletionList;
  readonly #chips = new ChipRow(() => {
    this.#keep();
    this.focus();
  });
  readonly #rewriting = new Rewriting(() => this.#giveUp());
  readonly #agent = picker("Who answers", "The agent that answers");
  readonly #model = picker("Model", "The model that answers");
  readonly #spent = element("span", { class: "spent", title: "What this chat has used so far" });
  readonly #recall = new Recall();
  readonly #stop = action("stop-circle", "Stop", () => this.#around.post({ kind: "stop" }));
  readonly #send = action("send", "Send", () => this.#submit());
  #channelId: string | undefined;
  /** The chips of the draft that was told last. */
  #kept: readonly Chip[] | undefined;
  #asking: Asking | undefined;
  #request = 0;
  #isOpen = false;
  #isSending = false;
  #now: Surroundings | undefined;

  constructor(around: Around) {
    const { post } = around;
    this.#around = around;
    this.#completions = new CompletionList(this.#field.element, (chosen) => this.#complete(chosen));
    const attach = action("attach", "Attach…", () => post({ kind: "choose", what: "attachment" }));
    this.#agent.button.addEventListener("click", () => post({ kind: "choose", what: "agent" }));
    this.#model.button.addEventListener("click", () => post({ kind: "choose", what: "model" }));
    this.#listen();
    this.element = element(
      "div",
      { class: "composer" },
      this.#completions.element,
      this.#rewriting.element,
      element(
        "div",
        { class: "box" },
        this.#chips.element,
        this.#field.element,
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
    return this.#field.text;
  }

  get chips(): readonly Chip[] {
    return this.#chips.all;
  }

  /** Replace what is written. */
  write(text: string, chips: readonly Chip[]): void {
    this.#isSending = false;
    this.#field.begin(text);
    this.#chips.show(chips);
    this.#changed();
  }

  /** Show what was being written in a chat: before it is known which one is shown, nothing can be. */
  open(channelId: string | undefined, text: string, chips: readonly Chip[]): void {
    this.#isOpen = true;
    this.#channelId = channelId;
    this.#kept = undefined;
    this.#rewriting.end();
    this.write(text, chips);
  }

  /** What was sent has arrived. */
  sent(): void {
    this.#rewriting.end();
    this.write("", []);
  }

  attach(chip: Chip): void {
    this.#chips.add(chip);
    this.#keep();
    this.focus();
  }

  /** Write a message anew that was sent before. */
  edit(item: UserItem): void {
    this.#rewriting.begin(item, { text: this.text, chips: this.chips });
    this.write(item.text, []);
    this.focus();
  }

  focus(): void {
    this.#field.element.focus();
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
    this.#field.element.placeholder = placeholder(now);
    this.#enable();
  }

  #listen(): void {
    const field = this.#field.element;
    field.addEventListener("input", () => this.#changed());
    field.addEventListener("keydown", (event) => this.#press(event));
    field.addEventListener("blur", () => this.#completions.hide());
    field.addEventListener("click", () => this.#ask());
    field.addEventListener("paste", (event) => this.#paste(event));
  }

  #press(event: KeyboardEvent): void {
    if (this.#completions.press(event) || event.isComposing) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#rewriting.item !== undefined) {
      this.#giveUp();
    } else if (event.key === "Backspace" && this.#field.cursor === 0 && this.chips.length > 0) {
      this.#chips.remove(this.chips.at(-1));
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && isAlone(event)) {
      this.#walk(event);
    }
  }

  /** Up and down go through what was said. */
  #walk(event: KeyboardEvent): void {
    const isUp = event.key === "ArrowUp";
    if (this.#field.element.readOnly || !this.#field.isIn(isUp ? "first" : "last")) {
      return;
    }
    const said = this.#around.said();
    const text = isUp ? this.#recall.back(said, this.text) : this.#recall.on(said, this.text);
    if (text !== undefined) {
      event.preventDefault();
      this.#field.change(text, text.length);
      // Completions of what was said before would take the keys that go on through it.
      this.#request += 1;
      this.#asking = undefined;
      this.#completions.hide();
      this.#written();
    }
  }

  #paste(event: ClipboardEvent): void {
    if (!this.#field.element.readOnly) {
      takePaste(
        event,
        (chip) => this.attach(chip),
        (why) => this.#around.refuse(why),
      );
    }
  }

  /** Leave the earlier message as it is. */
  #giveUp(): void {
    const { text, chips } = this.#rewriting.end();
    this.write(text, chips);
    this.focus();
  }

  #submit(): void {
    const text = this.text.trim();
    if (text === "" || this.#isSending || this.#now?.needsModel === true) {
      return;
    }
    this.#isSending = true;
    this.#enable();
    this.#around.post({ kind: "send", text, chips: this.chips, insteadOf: this.#rewriting.item?.messageId });
  }

  #changed(): void {
    this.#ask();
    this.#written();
  }

  #written(): void {
    this.#enable();
    this.#field.grow();
    this.#keep();
  }

  /** An earlier message that is written anew is no draft: what was being written before is. */
  #keep(): void {
    if (this.#rewriting.item === undefined) {
      const chips = this.chips === this.#kept ? undefined : this.chips;
      this.#kept = this.chips;
      this.#around.post({ kind: "draft", channelId: this.#channelId, text: this.text, chips });
    }
  }

  #enable(): void {
    this.#field.element.readOnly = this.#isSending || !this.#isOpen;
    this.#field.element.setAttribute("aria-busy", String(this.#isSending));
    this.#send.disabled = this.text.trim() === "" || this.#isSending || this.#now?.needsModel === true;
  }

  #ask(): void {
    const { cursor } = this.#field;
    this.#asking = cursor === undefined ? undefined : askingAt(this.text, cursor);
    this.#request += 1;
    if (this.#asking === undefined) {
      this.#completions.hide();
    } else {
      this.#around.post({ kind: "complete", request: this.#request, sigil: this.#asking.sigil, query: this.#asking.query });
    }
  }

  #complete(chosen: Completion): void {
    if (this.#asking === undefined) {
      return;
    }
    const { text, cursor } = completed(this.text, this.#field.element.selectionEnd, this.#asking, chosen.insert);
    this.#field.change(text, cursor);
    if (chosen.chip !== undefined) {
      this.#chips.add(chosen.chip);
    }
    this.#changed();
  }
}

function isAlone({ shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return !(shiftKey || altKey || ctrlKey || metaKey);
}

function placeholder({ activity, server, needsModel }: Surroundings): string {
  if (server !== "running") {
    return server === "starting" ? "The server starts…" : "The server does not run";
  }
  if (needsModel) {
    return "Choose a model first";
  }
  return activity === "idle" ? "Ask anything" : "Say something to the run";
}
