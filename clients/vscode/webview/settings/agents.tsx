// Which model each agent works with, and with which it goes on when that fails.

import type { JSX } from "preact";
import type { AgentView } from "../../src/protocol";
import { type Field, holding } from "../../src/settings/fields";
import { type Drawn, set } from "./context";
import { List, textsOf } from "./list";
import { Failure, Icon, Prose } from "./marks";
import { CHOICES, Choices } from "./models";
import { Note, Row, Target } from "./rows";

const CHOSEN_BY = { agent: "its own", default: "the default model", host: "its host's choice" } as const;

export function Agents({ context }: Drawn): JSX.Element {
  return (
    <>
      <Choices context={context} />
      <Target context={context} />
      {context.state.agents.map((agent) => (
        <Agent key={agent.id} context={context} agent={agent} />
      ))}
    </>
  );
}

function Agent({ context, agent }: Drawn & { readonly agent: AgentView }): JSX.Element {
  const key = `agents.${agent.id}`;
  const field = (name: string, label: string, control: Field["control"]): Field => ({
    key: `${key}.${name}`,
    label,
    doc: "",
    control,
    ...holding(context.settings, `${key}.${name}`),
  });
  const fallbacks = field("fallbacks", "Fallbacks, in order", { kind: "list" });
  const budget = field("budget.usd", "Budget of a run, in US dollars", { kind: "number", whole: false });
  return (
    <section class="card" aria-label={agent.id}>
      <div class="card-head">
        <Icon name="person" />
        <h2>{agent.id}</h2>
        <span class="muted">{agent.model === null ? "no model" : `${agent.model} (${CHOSEN_BY[agent.chosenBy]})`}</span>
      </div>
      <p class="doc">
        <Prose text={agent.doc} />
      </p>
      {agent.error != null && <Failure text={agent.error} />}
      <Row context={context} field={field("model", "Model", { kind: "text" })} choices={CHOICES} placeholder={agent.model ?? "no model"} />
      <div class="row">
        <div class="row-head">
          <label for={`add-${fallbacks.key}`}>{fallbacks.label}</label>
        </div>
        <List
          context={context}
          name={fallbacks.key}
          values={textsOf(fallbacks.value)}
          placeholder={agent.fallbacks.length === 0 ? "Add a model" : `Instead of ${agent.fallbacks.join(", ")}`}
          choices={CHOICES}
          change={(values) => set(context, fallbacks.key, values)}
        />
        <Note context={context} at={fallbacks.key} />
      </div>
      <Row context={context} field={budget} />
    </section>
  );
}
