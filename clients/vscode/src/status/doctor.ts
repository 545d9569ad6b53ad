// What the doctor says, as Markdown. Pure.

import type { ProviderCheck, SettingsView, Status } from "../protocol";

export function report(status: Status, checks: readonly ProviderCheck[], settings: SettingsView): string {
  const { sandbox } = status;
  return [
    "# Coterie: what works, and what does not",
    "",
    `- Server ${status.version}, ${status.mode}`,
    `- Commands run ${sandbox.level === "none" ? "without a sandbox" : `in ${sandbox.level}`}${sandbox.reason ? `: ${sandbox.reason}` : ""}`,
    ...(status.index == null
      ? []
      : [
          `- Index: ${status.index.complete ? `${status.index.files} files` : `${status.index.done} of ${status.index.files} files so far`}`,
        ]),
    "",
    "## Providers",
    "",
    ...listed(
      checks.map(({ provider, state, text, action }) => `**${provider}** (${state}): ${text}${action ? ` Try: \`${action}\`` : ""}`),
      "None is configured, and none was found on this machine.",
    ),
    "",
    "## Not as it should be",
    "",
    ...listed(
      status.degraded.map(({ text }) => text),
      "Nothing.",
    ),
    "",
    "## Settings",
    "",
    ...settings.files.map(({ layer, path, exists }) => `- ${layer}: \`${path}\`${exists ? "" : " (not there)"}`),
    ...settings.problems.map(
      ({ file, line, message, suggestion }) => `- ${file}${line ? `:${line}` : ""}: ${message}${suggestion ? ` ${suggestion}` : ""}`,
    ),
    "",
  ].join("\n");
}

function listed(lines: readonly string[], none: string): readonly string[] {
  return lines.length === 0 ? [none] : lines.map((line) => `- ${line}`);
}
