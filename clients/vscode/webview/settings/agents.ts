// Which model each agent works with, and with which it goes on when that fails.

import type { AgentView } from "../../src/protocol";
import { holding } from "../../src/settings/fields";
import { element, icon, prose } from "../base/dom";
import type { Context } from "./context";
import { list, note, row, target } from "./controls";
import { CHOICES, choices } from "./models";

const CHOSEN_BY = { agent: "its own", default: "the default model", host: "its host's choice" } as const;

export function agents(context: Context): readonly Node[] {
  return [choices(context), target(context), ...context.state.agents.map((agent) => card(context, agent))];
}

function card(context: Context, agent: AgentView): HTMLElement {
  const key = `agents.${agent.id}`;
  const model = row(context, {
    key: `${key}.model`,
    label: "Model",
    doc: "",
    control: { kind: "text" },
    ...holding(context.settings, `${key}.model`),
  });
  const input = model.querySelector("input");
  input?.setAttribute("list", CHOICES);
  input?.setAttribute("placeholder", agent.model ?? "no model");
  const budget = row(context, {
    key: `${key}.budget.usd`,
    label: "Budget of a run, in US dollars",
    doc: "",
    control: { kind: "number", whole: false },
    ...holding(context.settings, `${key}.budget.usd`),
  });
  const own = holding(context.settings, `${key}.fallbacks`).value;
  return element(
    "section",
    { class: "card", aria: { label: agent.id } },
    element(
      "div",
      { class: "card-head" },
      icon("person"),
      element("h2", {}, agent.id),
      element("span", { class: "muted" }, agent.model === null ? "no model" : `${agent.model} (${CHOSEN_BY[agent.chosenBy]})`),
    ),
    element("p", { class: "doc" }, ...prose(agent.doc)),
    agent.error != null && element("p", { class: "refused" }, icon("error"), element("span", {}, ...prose(agent.error))),
    model,
    element(
      "div",
      { class: "row" },
      element("div", { class: "row-head" }, element("label", { for: `add-${key}.fallbacks` }, "Fallbacks, in order")),
      list(
        context,
        `${key}.fallbacks`,
        Array.isArray(own) ? own.map(String) : [],
        agent.fallbacks.length === 0 ? "Add a model" : `Instead of ${agent.fallbacks.join(", ")}`,
        CHOICES,
      ),
      note(context, `${key}.fallbacks`),
    ),
    budget,
  );
}
