// URIs as they are told apart. Pure.

/** Return a URI as it can be compared: what is escaped in it differs between editors and servers. */
export function uriKey(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
