// The menu behind the status bar item. Each entry does one thing; what cannot be done now is not in it.

import { commands, Disposable, type QuickPickItem, QuickPickItemKind, ThemeIcon, window } from "vscode";
import { unlinked } from "../notices";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { DoctorPage } from "./doctorPage";
import { switchModel } from "./models";
import { snoozedUntil } from "./view";

interface Entry extends QuickPickItem {
  readonly run?: () => unknown;
}

const SNOOZES = [5, 15, 60, 8 * 60] as const;

export function registerMenu(session: Session): Disposable {
  const doctor = new DoctorPage(session);
  const command = (id: string, run: () => Promise<void>): Disposable => commands.registerCommand(id, () => guarded(run));
  return Disposable.from(
    doctor,
    command("coterie.menu", () => showMenu(session)),
    command("coterie.model.switch", () => switchModel(session, "model", "answers in chats and runs")),
    command("coterie.completionModel.switch", () => switchModel(session, "completion_model", "writes ghost text")),
    command("coterie.doctor", () => doctor.show()),
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
      { iconPath: new ThemeIcon("debug-restart"), label: "Start the Server", run: () => commands.executeCommand("coterie.restartServer") },
      { iconPath: new ThemeIcon("output"), label: "Show the Log", run: () => session.log.show() },
    ];
  }
  const snoozed = snoozedUntil(session.status) !== undefined;
  return [
    { label: "Ghost Text", kind: QuickPickItemKind.Separator },
    snoozed
      ? { iconPath: new ThemeIcon("bell"), label: "Resume Suggestions", run: () => snooze(session, 0) }
      : { iconPath: new ThemeIcon("bell-slash"), label: "Snooze Suggestions…", run: () => chooseSnooze(session) },
    {
      iconPath: new ThemeIcon("question"),
      label: "Why Was There No Suggestion?",
      run: () => commands.executeCommand("coterie.suggestion.why"),
    },
    { label: "Models and Agents", kind: QuickPickItemKind.Separator },
    {
      iconPath: new ThemeIcon("arrow-swap"),
      label: "Switch the Default Model…",
      run: () => commands.executeCommand("coterie.model.switch"),
    },
    {
      iconPath: new ThemeIcon("edit"),
      label: "Switch the Model of Ghost Text…",
      run: () => commands.executeCommand("coterie.completionModel.switch"),
    },
    { iconPath: new ThemeIcon("gear"), label: "Settings", run: () => commands.executeCommand("coterie.settings.open") },
    { label: "Server", kind: QuickPickItemKind.Separator },
    {
      iconPath: new ThemeIcon("pulse"),
      label: "Doctor",
      description: "what works, and what does not",
      run: () => commands.executeCommand("coterie.doctor"),
    },
    { iconPath: new ThemeIcon("output"), label: "Show the Log", run: () => session.log.show() },
    { iconPath: new ThemeIcon("debug-restart"), label: "Restart the Server", run: () => commands.executeCommand("coterie.restartServer") },
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
  if ((await window.showInformationMessage(unlinked(why.text), log)) === log) {
    session.log.show();
  }
}
