// Where one writes: the text, what goes along as chips, who answers, and the buttons that send and stop.

import { type Asking, askingAt, type Chip, type Completion, completed, withChip } from "../../src/chat/draft";
import type { UserItem } from "../../src/chat/items";
import type { Surroundings } from "../../src/messages/chat";
import { element, icon } from "../base/dom";
import { CompletionList } from "./completion";
import type { Post } from "./markdown";

export class Composer {
  readonly element: HTMLElement;
  readonly #post: Post;
  readonly #field: HTMLTextAreaElement;
  readonly #completions: CompletionList;
  readonly #chips = element("div", { class: "chips", role: "list", hidden: true, aria: { label: "Attached" } });
  readonly #editing = element("div", { class: "editing", hidden: true });
  readonly #agent = picker("Who answers", "The agent that answers");
  readonly #model = picker("Model", "The model that answers");
  readonly #spent = element("span", { class: "spent", title: "What this chat has used so far" });
  readonly #stop = iconButton("stop-circle", "Stop");
  readonly #send = iconButton("send", "Send");
  #attached: readonly Chip[] = [];
  #insteadOf: UserItem | undefined;
  #asking: Asking | undefined;
  #request = 0;
  #isSending = false;
  #now: Surroundings | undefined;

  constructor(post: Post) {
    this.#post = post;
    this.#field = element("textarea", {
      rows: 1,
      role: "combobox",
      aria: { label: "Message", autocomplete: "list", controls: "completions", expanded: false, multiline: true },
    });
    this.#completions = new CompletionList(this.#field, (chosen) => this.#complete(chosen));
    const attach = iconButton("attach", "Attach…");
    attach.addEventListener("click", () => post({ kind: "choose", what: "attachment" }));
    this.#agent.button.addEventListener("click", () => post({ kind: "choose", what: "agent" }));
    this.#model.button.addEventListener("click", () => post({ kind: "choose", what: "model" }));
    this.#send.addEventListener("click", () => this.#submit());
    this.#stop.addEventListener("click", () => post({ kind: "stop" }));
    this.#listen();
    this.element = element(
      "div",
      { class: "composer" },
      this.#completions.element,
      this.#editing,
      element(
        "div",
        { class: "box" },
        this.#chips,
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
  }

  get text(): string {
    return this.#field.value;
  }

  get chips(): readonly Chip[] {
    return this.#attached;
  }

  /** Replace what is written. */
  write(text: string, chips: readonly Chip[]): void {
    this.#isSending = false;
    this.#field.value = text;
    this.#attached = chips;
    this.#showChips();
    this.#changed();
  }

  /** What was sent has arrived. */
  sent(): void {
    this.#edit(undefined);
    this.write("", []);
  }

  attach(chip: Chip): void {
    this.#attached = withChip(this.#attached, chip);
    this.#showChips();
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
    const label = now.activity === "stopping" ? "Stop at Once" : "Stop";
    this.#stop.title = label;
    this.#stop.setAttribute("aria-label", label);
    this.#stop.toggleAttribute("data-urgent", now.activity === "stopping");
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
    } else if (event.key === "Backspace" && this.#field.selectionEnd === 0 && this.#attached.length > 0) {
      this.#detach(this.#attached.at(-1));
    }
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (text === "" || this.#isSending || this.#now?.needsModel === true) {
      return;
    }
    this.#isSending = true;
    this.#enable();
    this.#post({ kind: "send", text, chips: this.#attached, insteadOf: this.#insteadOf?.messageId });
  }

  #changed(): void {
    this.#enable();
    this.#fit();
    this.#ask();
    this.#keep();
  }

  #keep(): void {
    this.#post({ kind: "draft", text: this.#field.value, chips: this.#attached });
  }

  #enable(): void {
    this.#field.readOnly = this.#isSending;
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
      this.#attached = withChip(this.#attached, chosen.chip);
      this.#showChips();
    }
    this.#changed();
  }

  #detach(chip: Chip | undefined): void {
    this.#attached = this.#attached.filter((each) => each !== chip);
    this.#showChips();
    this.#keep();
    this.focus();
  }

  #showChips(): void {
    this.#chips.hidden = this.#attached.length === 0;
    this.#chips.replaceChildren(
      ...this.#attached.map((chip) => {
        const remove = iconButton("close", `Remove ${chip.label}`);
        remove.addEventListener("click", () => this.#detach(chip));
        return element(
          "span",
          { class: "chip", role: "listitem", title: chip.title },
          icon(chip.icon),
          element("span", {}, chip.label),
          remove,
        );
      }),
    );
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

function iconButton(symbol: string, label: string): HTMLButtonElement {
  return element("button", { class: "icon-button", type: "button", title: label, aria: { label } }, icon(symbol));
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
