// Whether a model would get anything of a file: the server sends text alone, and puts a remark in the place of all else. Somebody who attaches a
// picture or a folder would wait for an answer about what nobody has seen.

import { FileType, type Uri, workspace } from "vscode";
import { isPicture, NO_PICTURES } from "./pictures";

/** What the server reads of one file at most, in bytes. */
const MOST = 5_000_000;

/** Return why a file cannot go along, in words; undefined: it can. */
export async function unreadable(uri: Uri): Promise<string | undefined> {
  const name = uri.path.split("/").findLast((part) => part !== "") ?? uri.path;
  // What is open is sent as it stands there, in whichever encoding it is saved.
  if (uri.scheme !== "file" || workspace.textDocuments.some((document) => document.uri.toString() === uri.toString())) {
    return undefined;
  }
  if (isPicture(name)) {
    return `${name} was not attached. ${NO_PICTURES}`;
  }
  try {
    const { type, size } = await workspace.fs.stat(uri);
    if ((type & FileType.Directory) !== 0) {
      return `${name} is a folder, and was not attached. Attach files of it, or write its name: an agent looks into it.`;
    }
    if (size > MOST) {
      return `${name} is too large to go along (${Math.round(size / 1_000_000)} MB). Copy the part of it that matters into the message.`;
    }
    return isText(await workspace.fs.readFile(uri)) ? undefined : `${name} was not attached. It holds no text, or not in UTF-8.`;
  } catch {
    return `${name} was not attached. It cannot be read.`;
  }
}

function isText(content: Uint8Array): boolean {
  if (content.includes(0)) {
    return false;
  }
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}
