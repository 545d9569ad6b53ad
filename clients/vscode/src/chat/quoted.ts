// What a person attached to a message that went to a run under way: the server quotes it in front of the words. Here it is taken off again,
// so that a chat shows the words and the names of what came along. Pure.

import { type AttachedItem, attachedPath } from "./attached";

const ELEMENT = /^<(attachment|selection)((?: [a-z]+="(?:[^"\\]|\\.)*")*)>\n[\s\S]*?\n<\/\1>\n\n/;
const PATH = / path=("(?:[^"\\]|\\.)*")/;

export interface Quoted {
  readonly text: string;
  readonly attached: readonly AttachedItem[];
}

export function quotedIn(message: string): Quoted {
  const attached: AttachedItem[] = [];
  let text = message;
  for (let found = ELEMENT.exec(text); found !== null; found = ELEMENT.exec(text)) {
    attached.push(attachedPath(pathIn(found[2] ?? "")));
    text = text.slice(found[0].length);
  }
  return { text, attached };
}

function pathIn(attributes: string): string | undefined {
  const path = PATH.exec(attributes)?.[1];
  if (path === undefined) {
    return undefined;
  }
  try {
    return String(JSON.parse(path));
  } catch {
    return undefined;
  }
}
