// The settings view as a whole: sections beside a list of them. Drawn anew with each message, it keeps every element that is still there:
// what is under the mouse, has the focus or holds a draft stays.

import type { JSX } from "preact";
import type { FromSettings } from "../../src/messages/settings";
import type { SettingProblem } from "../../src/protocol";
import { Agents } from "./agents";
import type { Context, Drawn } from "./context";
import { General } from "./general";
import { Icon, Prose } from "./marks";
import { Models } from "./models";
import type { Page } from "./page";
import { Permissions } from "./permissions";
import { Providers } from "./providers";
import { Workspaces } from "./workspaces";

interface Section {
  readonly id: string;
  readonly label: string;
  readonly icon: string;
  readonly Body: (drawn: Drawn) => JSX.Element;
}

const general =
  (...tables: readonly string[]) =>
  ({ context }: Drawn): JSX.Element => <General context={context} tables={tables} />;

const SECTIONS: readonly Section[] = [
  { id: "providers", label: "Providers", icon: "plug", Body: Providers },
  { id: "models", label: "Models", icon: "symbol-misc", Body: Models },
  { id: "agents", label: "Agents", icon: "organization", Body: Agents },
  { id: "budgets", label: "Budgets", icon: "credit-card", Body: general("budget") },
  { id: "permissions", label: "Permissions", icon: "shield", Body: Permissions },
  { id: "workspaces", label: "Workspaces", icon: "folder-library", Body: Workspaces },
  { id: "suggestions", label: "Ghost Text", icon: "edit", Body: general("suggestions") },
  { id: "more", label: "More", icon: "settings", Body: general("discovery", "context", "tests", "retry", "cache") },
];

interface Viewed {
  readonly page: Page;
  readonly post: (message: FromSettings) => void;
  readonly open: (section: string) => void;
  readonly saveTo: (folder: string | undefined) => void;
}

export function View(viewed: Viewed): JSX.Element {
  const { page, open } = viewed;
  return (
    <>
      <nav class="sections" aria-label="Sections">
        {SECTIONS.map(({ id, label, icon }) => (
          <button
            key={id}
            type="button"
            class={`section-link${id === page.section ? " current" : ""}`}
            aria-current={id === page.section ? "page" : undefined}
            onClick={() => open(id)}
          >
            <Icon name={icon} />
            {label}
          </button>
        ))}
      </nav>
      {SECTIONS.filter(({ id }) => id === page.section).map((section) => (
        // By its key each section has elements of its own, and begins at its top.
        <main key={section.id} class="content" tabIndex={-1}>
          <h1>{section.label}</h1>
          <Content {...viewed} section={section} />
        </main>
      ))}
    </>
  );
}

function Content({ page, post, saveTo, section }: Viewed & { readonly section: Section }): JSX.Element {
  const { state, folder } = page;
  if (state !== undefined && !state.running) {
    return (
      <>
        <p>The server is not running, so there is nothing to show.</p>
        <button type="button" class="button" onClick={() => post({ kind: "command", command: "coterie.restartServer" })}>
          Start the Server
        </button>
      </>
    );
  }
  if (state?.settings === undefined) {
    return <p class="muted">Loading…</p>;
  }
  const context: Context = {
    state,
    settings: state.settings,
    folder,
    post,
    note: (at) => page.notes.get(at),
    saved: (at) => page.saved.get(at) ?? 0,
    settled: (at) => page.settled.get(at) ?? 0,
    saveTo,
  };
  const warnings = state.settings.problems.filter(({ level }) => level === "warning");
  return (
    <>
      {warnings.map((problem) => (
        <Problem key={`${problem.file}:${problem.key}:${problem.message}`} context={context} problem={problem} />
      ))}
      <section.Body context={context} />
    </>
  );
}

function Problem({ context, problem }: Drawn & { readonly problem: SettingProblem }): JSX.Element {
  const uri = context.settings.files.find((file) => file.path === problem.file)?.uri;
  const line = problem.line ?? undefined;
  return (
    <div class="problem" role="note">
      <Icon name="warning" />
      <span>
        <Prose text={`${problem.key === "" ? "" : `${problem.key}: `}${problem.message} ${problem.suggestion ?? ""}`} />
      </span>
      {uri !== undefined && (
        <button type="button" class="link" onClick={() => context.post({ kind: "open", uri, line })}>
          {line === undefined ? "Open" : `Open line ${line}`}
        </button>
      )}
    </div>
  );
}
