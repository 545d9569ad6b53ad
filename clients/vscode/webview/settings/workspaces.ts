// Which folders are trusted to bring models, templates, hooks and looser rules.

import { ownList } from "../../src/settings/fields";
import { element, icon } from "../base/dom";
import type { Context, Part } from "./context";
import { list, name, note } from "./controls";

const KEY = "trust.workspaces";

export function workspaces(context: Context): readonly Part[] {
  const trusted = ownList(context.settings, KEY, undefined);
  const own = { ...context, folder: undefined };
  const open = context.settings.files.filter((file) => file.layer === "project");
  return [
    element(
      "p",
      { class: "doc" },
      "A folder that is not trusted may still be read, edited and tested under your own rules. What its own settings would loosen is ignored.",
    ),
    ...open.map((file) => card(context, file.folder ?? "", file.trusted === true)),
    element("h2", {}, "Trusted Folders"),
    list(own, KEY, trusted, "A folder's whole path"),
    note(context, KEY),
  ];
}

function card(context: Context, folder: string, trusted: boolean): HTMLElement {
  const path = decodeURIComponent(new URL(folder).pathname);
  const change = (): void => context.post({ kind: "trust", folder, trusted: !trusted });
  return element(
    "section",
    { class: "card", aria: { label: path } },
    element(
      "div",
      { class: "card-head" },
      icon(trusted ? "verified-filled" : "shield"),
      element("h2", {}, name(folder)),
      element("span", { class: "muted" }, path),
    ),
    element("p", {}, trusted ? "Trusted." : "Not trusted."),
    element(
      "div",
      { class: "actions" },
      element(
        "button",
        { class: "button secondary", id: `trust-${folder}`, on: { click: change } },
        trusted ? "Trust No Longer" : "Trust This Folder",
      ),
    ),
    note(context, `trust ${folder}`),
  );
}
