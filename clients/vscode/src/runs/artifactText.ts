// A hand-off of an agent as Markdown (`docs/agents.md` has the shapes). What is not known by name is shown as it is. Pure.

import type { ArtifactEvent, Json } from "../protocol";

type Value = { readonly [key: string]: Json };

export function artifactText(artifact: Pick<ArtifactEvent, "stepId" | "type" | "value">): string {
  const { value } = artifact;
  const parts = [`# ${artifact.type} (${artifact.stepId})`];
  const known = new Set<string>();
  const take = (key: string): Json | undefined => {
    known.add(key);
    return value[key];
  };
  for (const key of ["goal", "summary", "verdict", "command"]) {
    const said = take(key);
    if (typeof said === "string" && said !== "") {
      parts.push(key === "summary" || key === "goal" ? said : `**${titled(key)}:** \`${said}\``);
    }
  }
  for (const key of ["criteria", "risks", "steps_done", "failures"]) {
    parts.push(...listed(titled(key), take(key), String));
  }
  parts.push(...listed("Steps", take("steps"), stepLine));
  parts.push(...listed("Findings", take("findings"), findingLine));
  const files = take("files");
  parts.push(...(Array.isArray(files) ? fileParts(files) : []));
  const rest = Object.fromEntries(Object.entries(value).filter(([key, each]) => !known.has(key) && key !== "hunks" && each !== null));
  if (Object.keys(rest).length > 0) {
    parts.push(fenced(JSON.stringify(rest, null, 2), "json"));
  }
  return `${parts.join("\n\n")}\n`;
}

function titled(key: string): string {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function listed(title: string, value: Json | undefined, line: (item: Json) => string): readonly string[] {
  return Array.isArray(value) && value.length > 0 ? [`## ${title}`, value.map((item) => `- ${line(item)}`).join("\n")] : [];
}

function stepLine(step: Json): string {
  const { id, title, detail } = record(step);
  return [`**${id}** ${title}`, detail].filter((part) => typeof part === "string").join(": ");
}

function findingLine(finding: Json): string {
  const { severity, file, line, title, evidence } = record(finding);
  return [`**${severity}** \`${file}${line === null || line === undefined ? "" : `:${line}`}\` ${title}`, evidence]
    .filter((part) => typeof part === "string" && part !== "")
    .join(": ");
}

function fileParts(files: readonly Json[]): readonly string[] {
  const names = files.filter((file) => typeof file === "string");
  const diffs = files.map(record).filter((file) => typeof file["diff"] === "string");
  return [
    ...listed("Files", names, (name) => `\`${name}\``),
    ...diffs.flatMap((file) => [`## ${file["path"]}`, fenced(String(file["diff"]), "diff")]),
  ];
}

/** Put a text into a fence that is longer than any in it. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

function record(value: Json): Value {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
