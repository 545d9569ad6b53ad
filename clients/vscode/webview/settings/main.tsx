// The page of the settings view: hears the extension, keeps what the page knows, and has `view.tsx` draw it.

import { render } from "preact";
import type { FromSettings, ToSettings } from "../../src/messages/settings";
import { connect } from "../base/host";
import { keepingFocus } from "./focus";
import { after, EMPTY, type Page } from "./page";
import { View } from "./view";

const root = document.createElement("div");
root.id = "view";
// A live region has to be there before it says something.
const announcer = document.createElement("div");
announcer.className = "visually-hidden";
announcer.setAttribute("aria-live", "polite");
document.getElementById("root")?.append(root, announcer);

const host = connect<FromSettings, ToSettings, { section: string }>((message) => {
  const { page: next, said } = after(page, message);
  if (said !== "") {
    announcer.textContent = said;
  }
  show(next);
});
let page: Page = { ...EMPTY, ...host.state() };
show(page);
host.post({ kind: "ready" });

function show(next: Page): void {
  if (next.section !== page.section) {
    host.keep({ section: next.section });
  }
  page = next;
  const open = (section: string): void => show({ ...page, section });
  const view = <View page={page} post={host.post} open={open} saveTo={(folder) => show({ ...page, folder })} />;
  keepingFocus(root, () => render(view, root));
}
