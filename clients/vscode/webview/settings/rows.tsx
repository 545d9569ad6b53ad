// Fields of the settings view: a label, what it is for, a control (`control.tsx`), where its value comes from, and what went wrong.

import type { JSX } from "preact";
import { type Field, originLabel } from "../../src/settings/fields";
import type { Drawn } from "./context";
import { Control, type Fielded, idOf } from "./control";
import { Failure, Icon, Prose } from "./marks";

/** The row of a field. */
export function Row(of: Fielded): JSX.Element {
  const { context, field } = of;
  const locked = field.lockedBy !== undefined;
  const isToggle = field.control.kind === "toggle";
  return (
    <div class="row">
      <div class="row-head">
        <label for={idOf(field)} class={isToggle ? "toggle" : undefined}>
          {isToggle && <Control {...of} />}
          {field.label}
        </label>
        <span class="origin" title={locked ? `Decided by: ${originLabel(field.lockedBy ?? "")}` : ""}>
          {locked && <Icon name="lock" />}
          {field.value === undefined && !locked ? "" : originLabel(field.origin)}
        </span>
      </div>
      {field.doc !== "" && (
        <p class="doc" id={`${idOf(field)}-doc`}>
          <Prose text={`${field.doc}.`} />
        </p>
      )}
      {!isToggle && <Control {...of} />}
      <Note context={context} at={field.key} />
    </div>
  );
}

/** The rows of some fields. */
export function Rows({ context, fields }: Drawn & { readonly fields: readonly Field[] }): JSX.Element {
  return (
    <>
      {fields.map((field) => (
        <Row key={field.key} context={context} field={field} />
      ))}
    </>
  );
}

/** The line that says what went wrong with a field. */
export function Note({ context, at }: Drawn & { readonly at: string }): JSX.Element | null {
  const said = context.note(at);
  return said === undefined ? null : <Failure text={said} role="alert" />;
}

/** The choice of the file that is written. */
export function Target({ context }: Drawn): JSX.Element {
  const projects = context.settings.files.filter((file) => file.layer === "project");
  return (
    <div class="target">
      <label for="target">Save to</label>
      <select
        id="target"
        class="input"
        value={context.folder ?? ""}
        onChange={(event) => context.saveTo(event.currentTarget.value || undefined)}
      >
        <option value="">Your settings, for all projects</option>
        {projects.map((file) => (
          <option key={file.folder} value={file.folder ?? ""} disabled={file.trusted === false}>
            {`${nameOf(file.folder ?? "")}${file.trusted === false ? " (not trusted)" : ""}`}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The last part of a folder's URI. */
export function nameOf(folder: string): string {
  return decodeURIComponent(folder.replace(/\/+$/, "").split("/").at(-1) ?? folder);
}
