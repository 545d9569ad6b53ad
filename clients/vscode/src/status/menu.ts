// The menu behind the status bar item. Each entry does one thing; what cannot be done now is not in it.

import { commands, Disposable, type QuickPickItem, QuickPickItemKind, window, workspace } from "vscode";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { report } from "./doctor";
import { snoozedUntil } from "./view";

interface Entry extends QuickPickItem {
  readonly run?: () => unknown;
}

const SNOOZES = [5, 15, 60, 8 * 60] as const;

export function registerMenu(session: Session): Disposable {
  const command = (id: string, run: () => Promise<void>): Disposable => commands.registerCommand(id, () => guarded(run));
  return Disposable.from(
    command("coterie.menu", () => showMenu(session)),
    command("coterie.model.switch", () => switchModel(session, "model", "answers in chats and runs")),
    command("coterie.doctor", () => doctor(session)),
    command("coterie.suggestion.why", () => explain(session)),
  );
}

async function showMenu(session: Session): Promise<void> {
  const chosen = await window.showQuickPick(entries(session), { title: "Coterie", placeHolder: "What would you like to do?" });
  await chosen?.run?.();
}

function entries(session: Session): Entry[] {
  if (session.connection.state.kind !== "running") {
    return [
      { label: "$(debug-restart) Start the Server", run: () => commands.executeCommand("coterie.restartServer") },
      { label: "$(output) Show the Log", run: () => session.log.show() },
    ];
  }
  const snoozed = snoozedUntil(session.status) !== undefined;
  return [
    { label: "Ghost Text", kind: QuickPickItemKind.Separator },
    snoozed
      ? { label: "$(bell) Resume Suggestions", run: () => snooze(session, 0) }
      : { label: "$(bell-slash) Snooze Suggestions…", run: () => chooseSnooze(session) },
    { label: "$(question) Why Was There No Suggestion?", run: () => explain(session) },
    { label: "Models and Agents", kind: QuickPickItemKind.Separator },
    { label: "$(arrow-swap) Switch the Default Model…", run: () => switchModel(session, "model", "answers in chats and runs") },
    { label: "$(edit) Switch the Model of Ghost Text…", run: () => switchModel(session, "completion_model", "writes ghost text") },
    { label: "$(gear) Settings", run: () => commands.executeCommand("coterie.settings.open") },
    { label: "Server", kind: QuickPickItemKind.Separator },
    { label: "$(pulse) Doctor", description: "what works, and what does not", run: () => doctor(session) },
    { label: "$(output) Show the Log", run: () => session.log.show() },
    { label: "$(debug-restart) Restart the Server", run: () => commands.executeCommand("coterie.restartServer") },
  ];
}

async function chooseSnooze(session: Session): Promise<void> {
  const label = (minutes: number): string => (minutes < 60 ? `${minutes} minutes` : minutes === 60 ? "1 hour" : `${minutes / 60} hours`);
  const chosen = await window.showQuickPick(
    SNOOZES.map((minutes) => ({ label: label(minutes), minutes })),
    { title: "Snooze Suggestions", placeHolder: "Asked for by hand they still come" },
  );
  if (chosen !== undefined) {
    await snooze(session, chosen.minutes);
  }
}

async function snooze(session: Session, minutes: number): Promise<void> {
  await session.wire.request("agent/suggestion/snooze", { minutes });
}

async function explain(session: Session): Promise<void> {
  const uri = window.activeTextEditor?.document.uri.toString();
  const why = await session.wire.request("agent/suggestion/explain", uri === undefined ? {} : { uri });
  const log = "Show the Log";
  if ((await window.showInformationMessage(why.text, log)) === log) {
    session.log.show();
  }
}

/** Let the person choose one of all models, favourites first, for a key of the settings. */
async function switchModel(session: Session, key: "model" | "completion_model", does: string): Promise<void> {
  const { models } = await session.wire.request("agent/model/list", {});
  const rows = models
    .filter((model) => model.installed !== false)
    .sort((a, b) => Number(b.favourite ?? false) - Number(a.favourite ?? false) || (a.id < b.id ? -1 : 1))
    .map((model) => ({
      label: `${model.favourite === true ? "$(star-full) " : ""}${model.id}`,
      description: model.contextTokens == null ? "" : `${Math.round(model.contextTokens / 1000)}k tokens`,
      value: model.id,
    }));
  const none = { label: "The offline predictor alone", description: "no model is asked", value: "none" };
  const chosen = await window.showQuickPick(key === "completion_model" ? [none, ...rows] : rows, {
    title: "Switch the Model",
    placeHolder: `Which model ${does}?`,
    matchOnDescription: true,
  });
  if (chosen !== undefined) {
    await session.wire.request("agent/settings/set", { key, value: chosen.value });
  }
}

async function doctor(session: Session): Promise<void> {
  const { providers } = await session.wire.request("agent/provider/list", {});
  const checks = await Promise.allSettled(providers.map(({ id }) => session.wire.request("agent/provider/check", { provider: id })));
  const status = await session.wire.request("agent/status", {});
  const settings = await session.wire.request("agent/settings/get", {});
  const found = checks.map((check, index) =>
    check.status === "fulfilled"
      ? check.value
      : { provider: providers[index]?.id ?? "", state: "unknown" as const, text: String(check.reason) },
  );
  const document = await workspace.openTextDocument({ language: "markdown", content: report(status, found, settings) });
  await window.showTextDocument(document, { preview: true });
}
