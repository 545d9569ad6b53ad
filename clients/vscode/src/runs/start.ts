// Starts runs from the palette, the view and the editor: who, what about, and what it may cost.

import { commands, Disposable, type QuickPickItem, Uri, window } from "vscode";
import { folderFor } from "../folders";
import type { Budget, Selection } from "../protocol";
import { guarded } from "../refusals";
import { Refusal } from "../server/wire";
import type { Session } from "../session";

interface Choice<T> extends QuickPickItem {
  readonly value: T;
}

export function registerStarting(session: Session): Disposable {
  return Disposable.from(
    commands.registerCommand("coterie.run.startTeam", () => guarded(() => startTeam(session))),
    commands.registerCommand("coterie.run.startAgent", () => guarded(() => startAgent(session))),
  );
}

async function startTeam(session: Session): Promise<void> {
  const { workflows } = await session.wire.request("agent/workflow/list", {});
  const choices = workflows.map((workflow) => ({
    label: workflow.id,
    description: workflow.steps.map((step) => step.agent).join(", "),
    detail: workflow.doc,
    value: workflow.id,
  }));
  const workflow = await chosen("Which workflow?", choices);
  if (workflow !== undefined) {
    await start(session, "Run a Team", { workflow });
  }
}

async function startAgent(session: Session): Promise<void> {
  const { agents } = await session.wire.request("agent/agent/list", {});
  const choices = agents.map((agent) => ({
    label: agent.id,
    description: agent.error ?? agent.model ?? "",
    detail: agent.doc,
    value: agent.id,
  }));
  const agent = await chosen("Which agent?", choices);
  if (agent !== undefined) {
    await start(session, `Run ${agent}`, { agent });
  }
}

async function start(session: Session, title: string, who: { workflow: string } | { agent: string }): Promise<void> {
  const selection = selected();
  const prompt = await window.showInputBox({
    title,
    prompt: selection === undefined ? "What is to be done?" : "What is to be done with the selection?",
    placeHolder: "Make the failing test pass",
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === "" ? "Say what is to be done." : undefined),
  });
  if (prompt === undefined) {
    return;
  }
  const budget = await chosen<Budget | "other" | null>(`${title}: What may it cost?`, [
    { label: "As the Settings Say", description: "no limit of its own", value: null },
    { label: "At Most $0.50", value: { usd: "0.50" } },
    { label: "At Most $2", value: { usd: "2" } },
    { label: "Another Limit…", value: "other" },
  ]);
  const limit = budget === "other" ? await askLimit(title) : budget;
  if (limit === undefined) {
    return;
  }
  const folder = await folderFor(selection === undefined ? window.activeTextEditor?.document.uri : Uri.parse(selection.uri));
  if (folder === undefined) {
    return;
  }
  const started = await session.wire.request("agent/run/start", {
    prompt,
    ...who,
    folder,
    ...(selection === undefined ? {} : { selection }),
    ...(limit === null ? {} : { budget: limit }),
  });
  await commands.executeCommand("coterie.run.show", started.runId);
}

/** Let a person choose; where there is one only, nobody is asked. */
async function chosen<T>(title: string, choices: readonly Choice<T>[]): Promise<T | undefined> {
  const [only] = choices;
  if (only === undefined) {
    throw new Refusal(`${title} The server has none.`, "nothing_to_choose", undefined);
  }
  return choices.length === 1
    ? only.value
    : (await window.showQuickPick(choices, { title, matchOnDescription: true, ignoreFocusOut: true }))?.value;
}

async function askLimit(title: string): Promise<Budget | undefined> {
  const usd = await window.showInputBox({
    title: `${title}: What may it cost?`,
    prompt: "US dollars",
    placeHolder: "1.50",
    ignoreFocusOut: true,
    validateInput: (text) => (/^\d+(\.\d+)?$/.test(text.trim()) && Number(text) > 0 ? undefined : "A number of US dollars, such as 1.50."),
  });
  return usd === undefined ? undefined : { usd: usd.trim() };
}

function selected(): Selection | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty || editor.document.uri.scheme !== "file") {
    return undefined;
  }
  const { start, end } = editor.selection;
  const range = {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
  return { uri: editor.document.uri.toString(), range };
}
