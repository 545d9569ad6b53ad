// Which folders are trusted to bring models, templates, hooks and looser rules.

import { ownList } from "../../src/settings/fields";
import { element, icon } from "../base/dom";
import type { Context, Part } from "./context";
import { list, name, note, set } from "./controls";

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
    ...open.map((file) => {
      const path = decodeURIComponent(new URL(file.folder ?? "file:///").pathname);
      const is = file.trusted === true;
      const change = (): void => set(own, KEY, is ? trusted.filter((each) => each !== path) : [...trusted, path]);
      return element(
        "section",
        { class: "card", aria: { label: path } },
        element(
          "div",
          { class: "card-head" },
          icon(is ? "verified-filled" : "shield"),
          element("h2", {}, name(file.folder ?? "")),
          element("span", { class: "muted" }, path),
        ),
        element("p", {}, is ? "Trusted." : "Not trusted."),
        (!is || trusted.includes(path)) &&
          element(
            "div",
            { class: "actions" },
            element(
              "button",
              { class: "button secondary", id: `trust-${path}`, on: { click: change } },
              is ? "Trust No Longer" : "Trust This Folder",
            ),
          ),
      );
    }),
    element("h2", {}, "Trusted Folders"),
    list(own, KEY, trusted, "A folder's whole path"),
    note(context, KEY),
  ];
}
