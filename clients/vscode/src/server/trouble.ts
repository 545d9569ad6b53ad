// Tells a person once that the server does not run, or is of another version, with a button for what helps.

import { commands, type Disposable, type LogOutputChannel, window } from "vscode";
import { unlinked } from "../notices";
import type { Connection } from "./connection";
import { strangeness } from "./versions";

/** Explain what fails from now on; `version` is the extension's. */
export function explainFailures(connection: Connection, log: LogOutputChannel, version: string): Disposable {
  let renewing = false;
  let compared: string | undefined;
  return connection.changed.on((state) => {
    if (state.kind === "failed") {
      void explain(state.reason, state.doing === "start" ? AGAIN : TRY_AGAIN, log);
    } else if (state.kind === "missing") {
      void offer();
    } else if (state.kind === "running" && state.brings !== undefined && !renewing) {
      renewing = true;
      void renew(state.brings);
    } else if (state.kind === "running" && state.brings === undefined && state.version !== compared) {
      compared = state.version;
      void compare(state.version, version, log);
    }
  });
}

const CHOOSE = "Choose the Server";
const AGAIN = { label: "Start Again", command: "coterie.restartServer" };
const TRY_AGAIN = { label: "Try Again", command: "coterie.installServer" };

async function explain(reason: string, again: typeof AGAIN, log: LogOutputChannel): Promise<void> {
  const show = "Show the Log";
  switch (await window.showErrorMessage(unlinked(`Coterie: ${reason}`), again.label, CHOOSE, show)) {
    case again.label:
      await commands.executeCommand(again.command);
      break;
    case CHOOSE:
      await chooseServer();
      break;
    case show:
      log.show();
      break;
    default:
  }
}

async function offer(): Promise<void> {
  const install = "Install";
  const chosen = await window.showInformationMessage(
    "Coterie's server is not on this machine. Install it into the extension's own folder? It needs Python 3.11 or later and your package index.",
    install,
    CHOOSE,
  );
  switch (chosen) {
    case install:
      await commands.executeCommand("coterie.installServer");
      break;
    case CHOOSE:
      await chooseServer();
      break;
    default:
  }
}

async function renew(version: string): Promise<void> {
  const install = "Install";
  const text = `Coterie comes with version ${version} of its server; it has installed another one here earlier. Install this one?`;
  if ((await window.showInformationMessage(unlinked(text), install)) === install) {
    await commands.executeCommand("coterie.installServer");
  }
}

async function compare(server: string, extension: string, log: LogOutputChannel): Promise<void> {
  const strange = strangeness(server, extension);
  if (strange === undefined) {
    return;
  }
  const [which, choose, show] = [strange === "earlier" ? "server" : "extension", CHOOSE, "Show the Log"];
  const text = `Coterie's server is version ${server}, this extension ${extension}: parts of it may not work. Update the ${which}, or choose another server.`;
  const chosen = await window.showWarningMessage(unlinked(text), choose, show);
  if (chosen === choose) {
    await chooseServer();
  } else if (chosen === show) {
    log.show();
  }
}

async function chooseServer(): Promise<void> {
  await commands.executeCommand("workbench.action.openSettings", "coterie.server.command");
}
