// Pickers of who answers: the agents and workflows that the server has, and the models of all hosts, favourites first.

import { type QuickInputButton, type QuickPickItem, QuickPickItemKind, ThemeIcon, window } from "vscode";
import type { ModelView } from "../protocol";
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
  const current = choice.agent ?? DEFAULT_AGENT;
  const items: AgentItem[] = [
    { label: "one agent", kind: QuickPickItemKind.Separator },
    ...agents.map((agent) => ({
      label: `$(${agent.id === DEFAULT_AGENT ? "comment-discussion" : "person"}) ${agent.id}`,
      description: [choice.workflow === undefined && agent.id === current ? "current" : "", agent.model ?? ""]
        .filter((each) => each !== "")
        .join(" · "),
      detail: agent.error ?? agent.doc,
      agent: agent.id,
    })),
    { label: "a team", kind: QuickPickItemKind.Separator },
    ...workflows.map((workflow) => ({
      label: `$(organization) ${workflow.id}`,
      description: choice.workflow === workflow.id ? "current" : workflow.steps.map((step) => step.stepId).join(", "),
      detail: workflow.doc,
      workflow: workflow.id,
    })),
  ];
  const chosen = await window.showQuickPick(items, { placeHolder: "Who answers in this chat", matchOnDetail: true });
  if (chosen === undefined) {
    return undefined;
  }
  return { agent: chosen.agent === DEFAULT_AGENT ? undefined : chosen.agent, model: choice.model, workflow: chosen.workflow };
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
    const items = itemsOf(listed?.models ?? [], choice.model);
    picker.items = items;
    // Who presses Enter at once has changed nothing.
    picker.activeItems = items.filter(({ model }) => choice.model !== undefined && model?.id === choice.model);
    picker.busy = false;
  };
  picker.onDidTriggerItemButton(async ({ item }) => {
    const { model } = item;
    if (model !== undefined) {
      await guarded(() => wire.request("agent/model/favourite", { model: model.id, favourite: model.favourite !== true }));
      await load();
    }
  });
  const chosen = new Promise<ModelItem | undefined>((resolve) => {
    picker.onDidAccept(() => {
      resolve(picker.selectedItems[0]);
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
  });
  picker.show();
  await load();
  const item = await chosen;
  return item === undefined ? undefined : { ...choice, model: item.isDefault ? undefined : item.model?.id };
}

function itemsOf(models: readonly ModelView[], current: string | undefined): ModelItem[] {
  return [
    { label: "$(settings) As the settings say", description: current === undefined ? "current" : "", isDefault: true },
    ...modelRows(models).map((row): ModelItem => {
      if (row.kind === "heading") {
        return { label: row.label, kind: QuickPickItemKind.Separator };
      }
      const description = [row.model.id === current ? "current" : "", row.about].filter((each) => each !== "").join(" · ");
      return { label: row.model.id, description, buttons: [star(row.model)], model: row.model };
    }),
  ];
}

function star(model: ModelView): QuickInputButton {
  return model.favourite === true
    ? { iconPath: new ThemeIcon("star-full"), tooltip: "Remove from the Favourites" }
    : { iconPath: new ThemeIcon("star-empty"), tooltip: "Add to the Favourites" };
}
