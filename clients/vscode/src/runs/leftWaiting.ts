// Runs that waited for an answer when the last window was gone: the server interrupts them, and nobody was there to be told. Each is told
// once, with a way to go on, by the first window that catches up soon after.

import { type Disposable, window } from "vscode";
import { isHere } from "../folders";
import { unlinked } from "../notices";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { leftWaiting, RECENT, remembered } from "./recent";
import { firstLine } from "./words";

const TOLD = "coterie.leftWaiting.told";
const LONGEST = 80;

export function registerLeftWaiting(session: Session): Disposable {
  return session.connection.changed.on(({ kind }) => {
    if (kind === "running") {
      tellAll(session).catch((error: unknown) => session.log.debug(`Runs that waited for an answer: ${String(error)}`));
    }
  });
}

async function tellAll(session: Session): Promise<void> {
  const { runs } = await session.wire.request("agent/run/list", { state: "interrupted", limit: RECENT });
  const { workspaceState } = session.context;
  const told = workspaceState.get<readonly string[]>(TOLD, []);
  for (const { runId } of leftWaiting(runs, told, Date.now()).filter(({ folder }) => isHere(folder))) {
    const { reason, prompt } = await session.wire.request("agent/run/get", { runId });
    if (reason === "approval_required") {
      await workspaceState.update(TOLD, remembered(workspaceState.get<readonly string[]>(TOLD, []), runId));
      void guarded(() => tell(session, runId, prompt));
    }
  }
}

async function tell(session: Session, runId: string, prompt: string): Promise<void> {
  const words = `“${firstLine(prompt, LONGEST)}” was interrupted: it asked something, and nobody was there to answer.`;
  if ((await window.showInformationMessage(unlinked(words), "Resume")) === "Resume") {
    await session.wire.request("agent/run/resume", { runId });
  }
}
