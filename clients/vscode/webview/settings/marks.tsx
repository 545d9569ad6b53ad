// The small things that text is made of: codicons, and `code` between backticks.

import type { JSX } from "preact";

/** A codicon, which says nothing to a screen reader. */
export function Icon({ name }: { readonly name: string }): JSX.Element {
  return <span class={`codicon codicon-${name}`} aria-hidden="true" />;
}

/** Text in which `code` stands between backticks. */
export function Prose({ text }: { readonly text: string }): JSX.Element {
  return <>{text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}

/** What does not work, with a mark that it does not. */
export function Failure({ text, role }: { readonly text: string; readonly role?: "alert" }): JSX.Element {
  return (
    <p class="refused" role={role}>
      <Icon name="error" />
      <span>
        <Prose text={text} />
      </span>
    </p>
  );
}
