// Sections that are nothing but fields of tables of the settings.

import type { JSX } from "preact";
import { fieldsOf } from "../../src/settings/fields";
import type { Drawn } from "./context";
import { Rows, Target } from "./rows";

export function General({ context, tables }: Drawn & { readonly tables: readonly string[] }): JSX.Element {
  return (
    <>
      <Target context={context} />
      <Rows context={context} fields={tables.flatMap((table) => fieldsOf(context.settings, table))} />
    </>
  );
}
