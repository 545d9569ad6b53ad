// The status bar item: feeds `view.ts` with what this window knows, and opens the menu.

import { Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window } from "vscode";
import type { Session } from "../session";
import { hasEnded } from "../state/run";
import { registerMenu } from "./menu";
import { barItem, snoozedUntil } from "./view";

const COLOURS = { normal: undefined, warning: "statusBarItem.warningBackground", error: "statusBarItem.errorBackground" };
/** Ghost text costs without any event: what it cost is asked for again now and then. */
const COST_EVERY_MS = 5 * 60_000;

export function registerStatusBar(session: Session): Disposable {
  const item = window.createStatusBarItem("coterie.status", StatusBarAlignment.Right, 100);
  item.name = "Coterie";
  item.command = "coterie.menu";
  const bar = new StatusBar(session, (known) => {
    const shown = barItem(known);
    const colour = COLOURS[shown.severity];
    item.text = shown.text;
    item.tooltip = new MarkdownString().appendText(shown.tooltip.join("\n"));
    item.backgroundColor = colour === undefined ? undefined : new ThemeColor(colour);
    item.accessibilityInformation = { label: `Coterie. ${shown.tooltip.join(" ")}` };
    item.show();
  });
  return Disposable.from(item, bar, registerMenu(session));
}

/** What the item is made from, kept up to date. */
class StatusBar implements Disposable {
  readonly #session: Session;
  readonly #show: (known: Parameters<typeof barItem>[0]) => void;
  readonly #subscriptions: Disposable[];
  readonly #timer: NodeJS.Timeout;
  #usdToday: string | undefined;
  #asking: Promise<void> | undefined;
  #snoozeEnd: NodeJS.Timeout | undefined;

  constructor(session: Session, show: (known: Parameters<typeof barItem>[0]) => void) {
    this.#session = session;
    this.#show = show;
    const render = (): void => this.#render();
    this.#subscriptions = [
      session.statusChanged.on(render),
      session.troubled.on(render),
      session.approvals.changed.on(render),
      session.channels.changed.on(render),
      session.runs.changed.on((run) => {
        if (hasEnded(run)) {
          void this.refreshCost();
        }
      }),
      session.connection.changed.on((state) => {
        render();
        if (state.kind === "running") {
          void this.refreshCost();
        }
      }),
    ];
    this.#timer = setInterval(() => void this.refreshCost(), COST_EVERY_MS);
    render();
  }

  dispose(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#snoozeEnd);
    Disposable.from(...this.#subscriptions).dispose();
  }

  /** Ask what was spent since this machine's midnight; asked twice at once, it is done once. */
  refreshCost(): Promise<void> {
    // A chat that is opened brings all its runs at once.
    this.#asking ??= this.#askCost().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askCost(): Promise<void> {
    if (this.#session.connection.state.kind !== "running" || !window.state.focused) {
      return;
    }
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    try {
      const { total } = await this.#session.wire.request("agent/usage", { since: midnight.toISOString() });
      this.#usdToday = total.usd ?? undefined;
      this.#render();
    } catch (error) {
      this.#session.log.debug(`The cost of today is not known: ${String(error)}`);
    }
  }

  #render(): void {
    const { connection, channels, approvals } = this.#session;
    this.#awakeAt(snoozedUntil(this.#session.status));
    this.#show({
      server: connection.state,
      status: this.#session.status,
      trouble: this.#session.trouble,
      working: channels.all().filter((channel) => channel.state === "active").length,
      waiting: approvals.all().length,
      usdToday: this.#usdToday,
    });
  }

  /** Look again when a snooze is over, which nobody tells. */
  #awakeAt(until: Date | undefined): void {
    clearTimeout(this.#snoozeEnd);
    this.#snoozeEnd = until === undefined ? undefined : setTimeout(() => this.#render(), until.getTime() - Date.now() + 1);
  }
}
