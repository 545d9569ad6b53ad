// The composition root: makes the one connection and the one session, and gives them to each view. A view is a folder of `src/` whose
// `register` returns what is to be disposed of; nothing else is wired anywhere else.

import { commands, type Disposable, type ExtensionContext, window } from "vscode";
import { Connection } from "./server/connection";
import { explainFailures } from "./server/trouble";
import { Session } from "./session";
import { registerStatusBar } from "./status/bar";
import { SuggestionFeedback } from "./suggestions/feedback";

type View = (session: Session) => Disposable;

const VIEWS: readonly View[] = [registerStatusBar];

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Coterie", { log: true });
  const suggestions = new SuggestionFeedback();
  const connection = new Connection(context, log, suggestions.middleware);
  const session = new Session(connection, context, log);
  context.subscriptions.push(
    log,
    session,
    { dispose: () => connection.stop() },
    explainFailures(connection, log),
    commands.registerCommand("coterie.restartServer", () => connection.restart()),
    commands.registerCommand("coterie.showLog", () => log.show()),
    suggestions.register(session),
    ...VIEWS.map((register) => register(session)),
  );
  // Not awaited: the window is usable, and every view says that the server starts.
  void connection.start();
}
