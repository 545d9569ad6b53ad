// Pickers of who answers: the agents and workflows that the server has, and the models of all hosts, favourites first.

import { type QuickInputButton, type QuickPickItem, QuickPickItemKind, ThemeIcon, window } from "vscode";
import { accepted, fill, picked } from "../picking";
import type { AgentView, ModelView, WorkflowView } from "../protocol";
import { guarded } from "../refusals";
import type { Wire } from "../server/wire";
import { type Choice, DEFAULT_AGENT } from "./answerer";
import { modelRows } from "./models";

interface AgentItem extends QuickPickItem {
  readonly agent?: string;
  readonly workflow?: string;
}

/** Ask which agent answers; undefined: the one as before. */
export async function chooseAgent(wire: Wire, choice: Choice): Promise<Choice | undefined> {
  const [{ agents }, { workflows }] = await Promise.all([wire.request("agent/agent/list", {}), wire.request("agent/workflow/list", {})]);
  const current = choice.workflow === undefined ? (choice.agent ?? DEFAULT_AGENT) : undefined;
  const items = [
    ...group(
      "one agent",
      agents.map((agent) => agentItem(agent, agent.id === current)),
    ),
    ...group(
      "a team",
      workflows.map((workflow) => workflowItem(workflow, workflow.id === choice.workflow)),
    ),
  ];
  const holds = ({ agent, workflow }: AgentItem): boolean =>
    choice.workflow === undefined ? agent === current : workflow === choice.workflow;
  const chosen = await picked(items, holds, { placeholder: "Who answers in this chat" });
  if (chosen === undefined) {
    return undefined;
  }
  return { agent: chosen.agent === DEFAULT_AGENT ? undefined : chosen.agent, model: choice.model, workflow: chosen.workflow };
}

/** Return items below their heading; there is none where nothing stands below it. */
function group(label: string, items: readonly AgentItem[]): readonly AgentItem[] {
  return items.length === 0 ? [] : [{ label, kind: QuickPickItemKind.Separator }, ...items];
}

function agentItem(agent: AgentView, isCurrent: boolean): AgentItem {
  return {
    label: `$(${agent.id === DEFAULT_AGENT ? "comment-discussion" : "person"}) ${agent.id}`,
    description: described(isCurrent, agent.model ?? ""),
    detail: agent.error ?? agent.doc,
    agent: agent.id,
  };
}

function workflowItem(workflow: WorkflowView, isCurrent: boolean): AgentItem {
  return {
    label: `$(organization) ${workflow.id}`,
    description: described(isCurrent, workflow.steps.map((step) => step.stepId).join(", ")),
    detail: workflow.doc,
    workflow: workflow.id,
  };
}

function described(isCurrent: boolean, about: string): string {
  return [isCurrent ? "current" : "", about].filter((each) => each !== "").join(" · ");
}

interface ModelItem extends QuickPickItem {
  readonly model?: ModelView;
  readonly isDefault?: boolean;
}

/** Ask which model answers; undefined: the one as before. The star of a row makes its model a favourite, or no longer. */
export async function chooseModel(wire: Wire, choice: Choice): Promise<Choice | undefined> {
  const picker = window.createQuickPick<ModelItem>();
  picker.placeholder = "The model that answers in this chat";
  picker.matchOnDescription = true;
  picker.busy = true;
  const load = async (): Promise<void> => {
    const listed = await guarded(() => wire.request("agent/model/list", {}));
    fill(picker, itemsOf(listed?.models ?? [], choice.model), ({ model, isDefault }) =>
      choice.model === undefined ? isDefault === true : model?.id === choice.model,
    );
    picker.busy = false;
  };
  picker.onDidTriggerItemButton(async ({ item }) => {
    const { model } = item;
    if (model !== undefined) {
      await guarded(() => wire.request("agent/model/favourite", { model: model.id, favourite: model.favourite !== true }));
      await load();
    }
  });
  const chosen = accepted(picker);
  await load();
  const item = await chosen;
  return item === undefined ? undefined : { ...choice, model: item.isDefault ? undefined : item.model?.id };
}

function itemsOf(models: readonly ModelView[], current: string | undefined): ModelItem[] {
  return [
    { label: "$(settings) As the settings say", description: described(current === undefined, ""), isDefault: true },
    ...modelRows(models).map((row): ModelItem => {
      if (row.kind === "heading") {
        return { label: row.label, kind: QuickPickItemKind.Separator };
      }
      return {
        label: row.model.id,
        description: described(row.model.id === current, row.about),
        buttons: [star(row.model)],
        model: row.model,
      };
    }),
  ];
}

function star(model: ModelView): QuickInputButton {
  return model.favourite === true
    ? { iconPath: new ThemeIcon("star-full"), tooltip: "Remove from the Favourites" }
    : { iconPath: new ThemeIcon("star-empty"), tooltip: "Add to the Favourites" };
}
