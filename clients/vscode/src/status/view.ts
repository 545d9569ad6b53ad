// What the status bar says, as a pure function of what is known. `bar.ts` shows it.

import type { Status } from "../protocol";
import type { ServerState } from "../server/state";

/** What the item is made from. */
export interface Known {
  readonly server: ServerState;
  readonly status: Status | undefined;
  /** Why the server, which runs, could not say how it is. */
  readonly trouble: string | undefined;
  /** Runs that go on. */
  readonly working: number;
  /** Questions that wait for the person. */
  readonly waiting: number;
  /** Today's cost in US dollars, as the server tells it; unknown: undefined. */
  readonly usdToday: string | undefined;
}

export interface BarItem {
  readonly text: string;
  /** Lines of plain text. */
  readonly tooltip: readonly string[];
  readonly severity: "normal" | "warning" | "error";
}

export function barItem(known: Known): BarItem {
  const { server } = known;
  switch (server.kind) {
    case "stopped":
      return { text: "$(circle-slash) Coterie", tooltip: ["The server is not running."], severity: "normal" };
    case "missing":
      return { text: "$(circle-slash) Coterie", tooltip: ["There is no server on this machine yet."], severity: "warning" };
    case "installing":
      return { text: "$(loading~spin) Coterie", tooltip: ["The server is being installed."], severity: "normal" };
    case "starting":
      return { text: "$(loading~spin) Coterie", tooltip: ["The server starts."], severity: "normal" };
    case "restarting":
      return { text: "$(loading~spin) Coterie", tooltip: ["The server ended by itself and is started again."], severity: "warning" };
    case "failed":
      return { text: "$(error) Coterie", tooltip: [server.reason], severity: "error" };
    case "running":
      return running(known);
  }
}

function running(known: Known): BarItem {
  if (known.trouble !== undefined) {
    return { text: "$(error) Coterie", tooltip: ["The server runs, and does not do its work.", known.trouble], severity: "error" };
  }
  const degraded = known.status?.degraded ?? [];
  const tooltip = [
    `Ghost text: ${ghostText(known.status)}`,
    `Cost today: ${known.usdToday === undefined ? "not known" : dollars(known.usdToday)}`,
    ...indexing(known.status),
    ...degraded.map(({ text }) => text),
  ];
  if (known.waiting > 0) {
    const text = `$(bell-dot) Coterie: ${known.waiting}`;
    const questions = known.waiting === 1 ? "A question waits for you." : `${known.waiting} questions wait for you.`;
    return { text, tooltip: [questions, ...tooltip], severity: "warning" };
  }
  if (known.working > 0) {
    const runs = known.working === 1 ? "A run goes on." : `${known.working} runs go on.`;
    return { text: `$(loading~spin) Coterie: ${known.working}`, tooltip: [runs, ...tooltip], severity: "normal" };
  }
  return { text: `$(${icon(known, degraded.length > 0)}) Coterie`, tooltip, severity: "normal" };
}

function icon(known: Known, degraded: boolean): string {
  const suggestions = known.status?.suggestions;
  if (suggestions?.enabled === false || snoozedUntil(known.status) !== undefined) {
    return "bell-slash";
  }
  if (known.status?.index?.complete === false) {
    return "sync~spin";
  }
  return degraded ? "warning" : "sparkle";
}

function ghostText(status: Status | undefined): string {
  if (status?.suggestions?.enabled === false) {
    return "switched off";
  }
  const until = snoozedUntil(status);
  if (until !== undefined) {
    return `snoozed until ${until.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
  }
  return status?.suggestions?.model ?? "the project alone";
}

/** Until when ghost text is snoozed. That it is over is told by the clock alone. */
export function snoozedUntil(status: Status | undefined, now: Date = new Date()): Date | undefined {
  const until = status?.suggestions?.snoozedUntil;
  return until == null || new Date(until) <= now ? undefined : new Date(until);
}

function indexing(status: Status | undefined): readonly string[] {
  const index = status?.index;
  return index === null || index === undefined || index.complete ? [] : [`Indexing: ${index.done} of ${index.files} files`];
}

/** Of what is less only this is said. */
const LEAST_SHOWN = 0.0001;

/** Money as a person reads it: cents, and smaller parts where a cent is too coarse. */
export function dollars(usd: string): string {
  const value = Number(usd);
  if (!Number.isFinite(value)) {
    return usd;
  }
  if (value > 0 && value < LEAST_SHOWN) {
    return `< $${LEAST_SHOWN}`;
  }
  return `$${value === 0 || value >= 0.01 ? value.toFixed(2) : value.toFixed(4)}`;
}
