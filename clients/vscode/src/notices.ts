// Words of others in a notification. VS Code makes a link of `[label](command:…)` in one, and a click runs that command with any arguments:
// what a model, a file's name or a host says must not become one. Nor an icon in a list, where `$(name)` does. Pure.

/** Return a text that is shown as it is, without a link in it. */
export function unlinked(text: string): string {
  return text.replaceAll("](", "] (");
}

/** Return a text that a row of a list shows as it is, without an icon in it. */
export function withoutIcons(text: string): string {
  return text.replaceAll("$(", "$ (");
}
