// The composition root: makes the one connection and the one session, and gives them to each view. A view is a folder of `src/` whose
// `register` returns what is to be disposed of; nothing else is wired anywhere else.

import { commands, type Disposable, type ExtensionContext, window, workspace } from "vscode";
import { ChatFeature } from "./chat/feature";
import { keepContexts } from "./contexts";
import { lensMiddleware } from "./review/lenses";
import { registerReview } from "./review/view";
import { registerRuns } from "./runs/view";
import { registerCommitMessage } from "./scm/message";
import { commandMiddleware } from "./server/commands";
import { Connection } from "./server/connection";
import { explainFailures } from "./server/trouble";
import { Session } from "./session";
import { registerSettings } from "./settings/panel";
import { registerStatusBar } from "./status/bar";
import { SuggestionFeedback } from "./suggestions/feedback";

type View = (session: Session) => Disposable;

const VIEWS: readonly View[] = [registerStatusBar, registerSettings, registerCommitMessage, registerRuns, registerReview];

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Coterie", { log: true });
  const suggestions = new SuggestionFeedback();
  const chat = new ChatFeature(commandMiddleware);
  const connection = new Connection(context, log, { ...suggestions.middleware, ...chat.middleware, ...lensMiddleware });
  const session = new Session(connection, context, log);
  context.subscriptions.push(
    log,
    session,
    { dispose: () => connection.stop() },
    explainFailures(connection, log, versionOf(context)),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("coterie.server")) {
        void connection.restart();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => connection.lookAgain()),
    keepContexts(session),
    commands.registerCommand("coterie.restartServer", () => connection.restart()),
    commands.registerCommand("coterie.installServer", () => connection.install()),
    commands.registerCommand("coterie.showLog", () => log.show()),
    suggestions.register(session),
    chat.register(session),
    ...VIEWS.map((register) => register(session)),
  );
  // Not awaited: the window is usable, and every view says that the server starts.
  void connection.start();
}

function versionOf(context: ExtensionContext): string {
  const { version } = context.extension.packageJSON as { readonly version: string };
  return version;
}
