// Words of others in a notification. VS Code makes a link of `[label](command:…)` in one, and a click runs that command with any arguments:
// what a model, a file's name or a host says must not become one. Pure.

/** Return a text that is shown as it is, without a link in it. */
export function unlinked(text: string): string {
  return text.replaceAll("](", "] (");
}
