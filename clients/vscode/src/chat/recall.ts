// Goes back through what was said in a chat, as the arrow keys do in a shell: from an empty field up to the message before, and down again. Pure.

export class Recall {
  /** Which message is shown; undefined: what is being written. */
  #at: number | undefined;
  #shown = "";

  /** Return the message before the one that the field holds; undefined: there is none, or somebody writes something of their own. */
  back(said: readonly string[], text: string): string | undefined {
    const at = this.#place(text) ?? (text === "" ? said.length : 0);
    return this.#show(at - 1, said[at - 1]);
  }

  /** Return the message behind the one that the field holds, and nothing behind the last. */
  on(said: readonly string[], text: string): string | undefined {
    const at = this.#place(text);
    return at === undefined ? undefined : this.#show(at + 1, at + 1 < said.length ? said[at + 1] : "");
  }

  /** Where the field's text is from, as long as nobody changed it. */
  #place(text: string): number | undefined {
    return text === this.#shown && text !== "" ? this.#at : undefined;
  }

  #show(at: number, text: string | undefined): string | undefined {
    if (text !== undefined) {
      this.#at = at;
      this.#shown = text;
    }
    return text;
  }
}
