// Tells a person once that the server does not run, with a button for what helps.

import { commands, type Disposable, type LogOutputChannel, window } from "vscode";
import { unlinked } from "../notices";
import type { Connection } from "./connection";

export function explainFailures(connection: Connection, log: LogOutputChannel): Disposable {
  return connection.changed.on((state) => {
    if (state.kind === "failed") {
      void explain(state.reason, log);
    }
  });
}

async function explain(reason: string, log: LogOutputChannel): Promise<void> {
  const again = "Start Again";
  const choose = "Choose the Server";
  const show = "Show the Log";
  switch (await window.showErrorMessage(unlinked(`Coterie: ${reason}`), again, choose, show)) {
    case again:
      await commands.executeCommand("coterie.restartServer");
      break;
    case choose:
      await commands.executeCommand("workbench.action.openSettings", "coterie.server.command");
      break;
    case show:
      log.show();
      break;
    default:
  }
}
