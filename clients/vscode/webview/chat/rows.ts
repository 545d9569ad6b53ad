// The row of each kind of item of a chat.

import type { Item } from "../../src/chat/items";
import { changeRow, noteRow, stepRow, toolRow } from "./done";
import { approvalRow } from "./question";
import type { Page, Row } from "./row";
import { answerRow, userRow } from "./said";

export function rowOf(item: Item, page: Page): Row {
  switch (item.kind) {
    case "user":
      return userRow(item, page);
    case "answer":
      return answerRow(item, page);
    case "tool":
      return toolRow(item);
    case "step":
      return stepRow(item);
    case "change":
      return changeRow(item, page);
    case "approval":
      return approvalRow(item, page);
    case "note":
      return noteRow(item, page);
  }
}
