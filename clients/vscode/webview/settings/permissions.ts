// What agents may do: the three lists of rules, each as the chosen file says it, with what other layers add; and how commands are confined.

import { fieldsOf, holding, originLabel, ownList } from "../../src/settings/fields";
import { element, icon } from "../base/dom";
import type { Context } from "./context";
import { list, note, row, target } from "./controls";

const LISTS = [
  { key: "permissions.deny", label: "Never", doc: "What is never done, whatever else allows it.", example: "read(**/.env)" },
  { key: "permissions.ask", label: "Ask each time", doc: "What is asked about, even where it would be allowed.", example: "net(*)" },
  { key: "permissions.allow", label: "Allowed", doc: "What needs no question.", example: "exec(pytest *)" },
] as const;

export function permissions(context: Context): readonly Node[] {
  const { settings, state } = context;
  const policy = fieldsOf(settings, "permissions").filter((field) => field.key === "permissions.policy_when_unattended");
  const confined =
    state.sandbox === undefined || state.sandbox.level === "unknown"
      ? undefined
      : confinement(state.sandbox.level, state.sandbox.reason ?? undefined);
  return [
    target(context),
    ...LISTS.map(({ key, label, doc, example }) => {
      const own = ownList(settings, key, context.folder);
      const { value, origin } = holding(settings, key);
      const others = (Array.isArray(value) ? value.map(String) : []).filter((rule) => !own.includes(rule));
      return element(
        "div",
        { class: "row" },
        element(
          "div",
          { class: "row-head" },
          element("label", { for: `add-${key}` }, label),
          element("span", { class: "origin" }, originLabel(origin)),
        ),
        element("p", { class: "doc" }, doc),
        list(context, key, own, `A rule, such as ${example}`),
        others.length > 0 && element("p", { class: "muted" }, "From other layers: ", ...others.map((rule) => element("code", {}, rule))),
        note(context, key),
      );
    }),
    ...policy.map((field) => row(context, field)),
    element("h2", {}, "Sandbox"),
    ...(confined === undefined ? [] : [confined]),
    ...fieldsOf(settings, "sandbox").map((field) => row(context, field)),
  ];
}

function confinement(level: string, reason: string | undefined): HTMLElement {
  const open = level === "none";
  return element(
    "p",
    { class: open ? "refused" : "confined muted" },
    icon(open ? "unlock" : "lock"),
    open ? `Commands run unconfined${reason === undefined ? "." : `: ${reason}`}` : `Commands run in ${level}.`,
  );
}
