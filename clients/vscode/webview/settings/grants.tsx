// The answers to questions that outlast them, but for those that are rules of the settings: what is allowed in which run, and until restart.

import type { JSX } from "preact";
import type { Grant } from "../../src/protocol";
import type { Drawn } from "./context";
import { IconButton } from "./list";
import { Note } from "./rows";

export function Grants({ context }: Drawn): JSX.Element {
  const lasting = context.state.grants.filter(({ scope }) => scope !== "user");
  return (
    <>
      <h2>Allowed for a While</h2>
      <p class="doc">
        {lasting.length === 0
          ? "Nothing. What you allow in a run or until restart is listed here; what you allow always is a rule above."
          : "What you have answered for a run or until restart. What you revoke is asked for again by the very next call."}
      </p>
      {lasting.length > 0 && (
        <div class="list">
          <ul>
            {lasting.map((grant) => (
              <li key={grant.grantId}>
                <code>{grant.rule}</code>
                <span class="muted">{until(grant)}</span>
                <IconButton
                  icon="close"
                  label={`Revoke ${grant.rule}, ${until(grant)}`}
                  act={() => context.post({ kind: "revoke", grant: grant.grantId })}
                />
              </li>
            ))}
          </ul>
        </div>
      )}
      <Note context={context} at="grants" />
    </>
  );
}

function until({ scope, title, verdict }: Grant): string {
  const how = verdict === "deny" ? "rejected " : "";
  return `${how}${scope === "run" ? `in “${title ?? ""}”` : "until restart"}`;
}
