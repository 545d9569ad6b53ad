// Looks for models on this machine because a person wants to know, says what is there, and offers what comes next.

import { commands, ProgressLocation, window } from "vscode";
import { unlinked } from "../notices";
import type { Session } from "../session";
import { foundWords } from "./words";

interface Next {
  readonly label: string;
  readonly command: string;
  readonly argument?: string;
}

const CHAT: Next = { label: "Start a Chat", command: "coterie.chat.new" };
const KEY: Next = { label: "Enter a Key", command: "coterie.configureProviderKey" };
const PROVIDERS: Next = { label: "Show Providers", command: "coterie.settings.open", argument: "providers" };

export async function findModels({ wire }: Session): Promise<void> {
  const { state, providers } = await window.withProgress(
    { location: ProgressLocation.Notification, title: "Looking for models…" },
    async () => ({
      // Of no provider by name: the server looks around anew, and at all of them.
      ...(await wire.request("agent/provider/check", {})),
      ...(await wire.request("agent/provider/list", {})),
    }),
  );
  const offered = [state === "ready" ? CHAT : KEY, PROVIDERS];
  const chosen = await window.showInformationMessage(unlinked(foundWords(providers)), ...offered.map(({ label }) => label));
  const next = offered.find(({ label }) => label === chosen);
  if (next !== undefined) {
    await commands.executeCommand(next.command, next.argument);
  }
}
