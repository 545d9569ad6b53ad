// Sections that are nothing but fields of tables of the settings.

import { fieldsOf } from "../../src/settings/fields";
import type { Context } from "./context";
import { row, target } from "./controls";

export function general(context: Context, tables: readonly string[]): readonly Node[] {
  return [target(context), ...tables.flatMap((table) => fieldsOf(context.settings, table)).map((field) => row(context, field))];
}
