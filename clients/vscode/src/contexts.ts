// Facts that `when` clauses and the walkthrough in `package.json` ask for: whether the server runs, whether a model can be asked, and whether
// there has been a chat.

import { commands, Disposable } from "vscode";
import type { Session } from "./session";

export function keepContexts(session: Session): Disposable {
  const set = (name: string, value: boolean): void => void commands.executeCommand("setContext", name, value);
  return Disposable.from(
    session.connection.changed.on(({ kind }) => set("coterie.running", kind === "running")),
    session.statusChanged.on(({ providers }) =>
      set(
        "coterie.hasProvider",
        providers.some(({ state }) => state === "ready" || state === "unknown"),
      ),
    ),
    session.channels.changed.on(() =>
      set(
        "coterie.hasChat",
        session.channels.all().some(({ folder }) => folder === "chats"),
      ),
    ),
  );
}
