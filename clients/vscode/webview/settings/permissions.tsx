// What agents may do: the three lists of rules, each as the chosen file says it, with what other layers add; what they
// may do for a while; whether edits are looked at before they are made; and how commands are confined.

import type { JSX } from "preact";
import { fieldsOf, holding, originLabel, ownList } from "../../src/settings/fields";
import { type Drawn, set } from "./context";
import { Grants } from "./grants";
import { List, textsOf } from "./list";
import { Icon } from "./marks";
import { Note, Rows, Target } from "./rows";

const RULES = [
  { key: "permissions.deny", label: "Never", doc: "What is never done, whatever else allows it.", example: "read(**/.env)" },
  { key: "permissions.ask", label: "Ask each time", doc: "What is asked about, even where it would be allowed.", example: "net(*)" },
  { key: "permissions.allow", label: "Allowed", doc: "What needs no question.", example: "exec(pytest *)" },
] as const;

export function Permissions({ context }: Drawn): JSX.Element {
  const { settings } = context;
  return (
    <>
      <Target context={context} />
      {RULES.map((rules) => (
        <Rules key={rules.key} context={context} rules={rules} />
      ))}
      <Rows
        context={context}
        fields={fieldsOf(settings, "permissions").filter((field) => field.key === "permissions.policy_when_unattended")}
      />
      <Grants context={context} />
      <h2>Review</h2>
      <Rows context={context} fields={fieldsOf(settings, "review")} />
      <h2>Sandbox</h2>
      <Confinement context={context} />
      <Rows context={context} fields={fieldsOf(settings, "sandbox")} />
    </>
  );
}

function Rules({ context, rules }: Drawn & { readonly rules: (typeof RULES)[number] }): JSX.Element {
  const { key, label, doc, example } = rules;
  const own = ownList(context.settings, key, context.folder);
  const { value, origin } = holding(context.settings, key);
  const others = textsOf(value).filter((rule) => !own.includes(rule));
  return (
    <div class="row">
      <div class="row-head">
        <label for={`add-${key}`}>{label}</label>
        <span class="origin">{originLabel(origin)}</span>
      </div>
      <p class="doc">{doc}</p>
      <List
        context={context}
        name={key}
        values={own}
        placeholder={`A rule, such as ${example}`}
        change={(values) => set(context, key, values)}
      />
      {others.length > 0 && (
        <p class="muted">
          From other layers:{" "}
          {others.map((rule) => (
            <code key={rule}>{rule}</code>
          ))}
        </p>
      )}
      <Note context={context} at={key} />
    </div>
  );
}

function Confinement({ context }: Drawn): JSX.Element | null {
  const { sandbox } = context.state;
  if (sandbox === undefined || sandbox.level === "unknown") {
    return null;
  }
  const open = sandbox.level === "none";
  return (
    <p class={open ? "refused" : "confined muted"}>
      <Icon name={open ? "unlock" : "lock"} />
      {open ? `Commands run unconfined${sandbox.reason == null ? "." : `: ${sandbox.reason}`}` : `Commands run in ${sandbox.level}.`}
    </p>
  );
}
