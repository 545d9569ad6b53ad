// A run's commands in a terminal that only shows: one for a run, opened on demand, followed while it is open.

import { type Disposable, EventEmitter, type Pseudoterminal, type Terminal, ThemeIcon, window } from "vscode";
import type { ToolCallEvent } from "../protocol";
import type { Session } from "../session";
import type { Run } from "../state/run";
import { isCommand } from "./callRows";
import { titleOf, written } from "./commandText";

export class RunTerminals implements Disposable {
  readonly #session: Session;
  readonly #open = new Map<string, { readonly terminal: Terminal; readonly screen: Screen }>();
  readonly #subscriptions: readonly { dispose(): void }[];

  constructor(session: Session) {
    this.#session = session;
    this.#subscriptions = [
      session.runs.changed.on((run) => this.#open.get(run.runId)?.screen.show(run)),
      window.onDidCloseTerminal((closed) => {
        for (const [runId, { terminal }] of this.#open) {
          if (terminal === closed) {
            this.#open.delete(runId);
          }
        }
      }),
    ];
  }

  dispose(): void {
    for (const subscription of [...this.#subscriptions, ...[...this.#open.values()].map(({ terminal }) => terminal)]) {
      subscription.dispose();
    }
  }

  /** Show a run's commands. */
  async show(runId: string): Promise<void> {
    const run = await this.#session.runs.known(runId);
    let open = this.#open.get(runId);
    if (open === undefined) {
      const screen = new Screen(run);
      const terminal = window.createTerminal({
        name: titleOf(Object.values(run.toolCalls)),
        pty: screen,
        iconPath: new ThemeIcon("robot"),
      });
      open = { terminal, screen };
      this.#open.set(runId, open);
    }
    open.terminal.show(true);
  }
}

class Screen implements Pseudoterminal {
  readonly #write = new EventEmitter<string>();
  readonly onDidWrite = this.#write.event;
  readonly #name = new EventEmitter<string>();
  readonly onDidChangeName = this.#name.event;
  readonly #shown = new Map<string, ToolCallEvent>();
  #run: Run;
  #isOpen = false;
  #title = "";

  constructor(run: Run) {
    this.#run = run;
  }

  open(): void {
    this.#isOpen = true;
    this.show(this.#run);
  }

  close(): void {
    this.#isOpen = false;
  }

  handleInput(): void {
    // Nobody writes here: the commands are the agent's.
  }

  show(run: Run): void {
    this.#run = run;
    if (!this.#isOpen) {
      return;
    }
    const calls = Object.values(run.toolCalls);
    for (const call of calls.filter((each) => isCommand(each))) {
      const text = written(call, this.#shown.get(call.callId));
      this.#shown.set(call.callId, call);
      if (text !== "") {
        this.#write.fire(text);
      }
    }
    const title = titleOf(calls);
    if (title !== this.#title) {
      this.#title = title;
      this.#name.fire(title);
    }
  }
}
