// Which folders are trusted to bring models, templates, hooks and looser rules.

import type { JSX } from "preact";
import { ownList } from "../../src/settings/fields";
import { type Drawn, set } from "./context";
import { List } from "./list";
import { Icon } from "./marks";
import { Note, nameOf } from "./rows";

const KEY = "trust.workspaces";

export function Workspaces({ context }: Drawn): JSX.Element {
  const projects = context.settings.files.filter((file) => file.layer === "project");
  return (
    <>
      <p class="doc">
        A folder that is not trusted may still be read, edited and tested under your own rules. What its own settings would loosen is
        ignored.
      </p>
      {projects.map((file) => (
        <Folder key={file.folder} context={context} folder={file.folder ?? ""} trusted={file.trusted === true} />
      ))}
      <h2>Trusted Folders</h2>
      <List
        context={{ ...context, folder: undefined }}
        name={KEY}
        values={ownList(context.settings, KEY, undefined)}
        placeholder="A folder's whole path"
        change={(values) => set({ ...context, folder: undefined }, KEY, values)}
      />
      <Note context={context} at={KEY} />
    </>
  );
}

function Folder({ context, folder, trusted }: Drawn & { readonly folder: string; readonly trusted: boolean }): JSX.Element {
  const path = decodeURIComponent(new URL(folder).pathname);
  return (
    <section class="card" aria-label={path}>
      <div class="card-head">
        <Icon name={trusted ? "verified-filled" : "shield"} />
        <h2>{nameOf(folder)}</h2>
        <span class="muted">{path}</span>
      </div>
      <p>{trusted ? "Trusted." : "Not trusted."}</p>
      <div class="actions">
        <button type="button" class="button secondary" onClick={() => context.post({ kind: "trust", folder, trusted: !trusted })}>
          {trusted ? "Trust No Longer" : "Trust This Folder"}
        </button>
      </div>
      <Note context={context} at={`trust ${folder}`} />
    </section>
  );
}
