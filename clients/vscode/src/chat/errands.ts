// What a page asks for that is not about its conversation: code, links, other views, help with a trouble.

import { commands, env } from "vscode";
import type { FromView } from "../messages/chat";
import { isRemedy } from "../remedies";
import type { Wire } from "../server/wire";
import { useCode } from "./applying";
import type { Help } from "./items";
import { followLink } from "./links";

const KINDS = ["code", "copy", "link", "change", "plan", "proposal", "remedy", "help"] as const;

export type Errand = Extract<FromView, { kind: (typeof KINDS)[number] }>;

export function isErrand(message: FromView): message is Errand {
  return (KINDS as readonly string[]).includes(message.kind);
}

export async function runErrand(errand: Errand, wire: Wire, channelId: string | undefined): Promise<void> {
  switch (errand.kind) {
    case "code":
      return useCode(errand.verb, errand.text, errand.info);
    case "copy":
      return env.clipboard.writeText(errand.text);
    case "link":
      return followLink(errand.target);
    case "change":
      await commands.executeCommand("coterie.review.change", errand.runId, errand.uri);
      return;
    case "plan":
      await commands.executeCommand("coterie.run.show", errand.runId);
      return;
    case "proposal":
      await commands.executeCommand("coterie.review.proposal", errand.runId, errand.changeIds);
      return;
    case "help":
      return help(errand.help, errand.runId, wire, channelId);
    case "remedy":
      if (isRemedy(errand.command)) {
        await commands.executeCommand(errand.command);
      }
  }
}

async function help(kind: Help, runId: string | undefined, wire: Wire, channelId: string | undefined): Promise<void> {
  if (kind === "resume" && runId !== undefined) {
    await wire.request("agent/run/resume", { runId });
  } else if (kind === "configure") {
    await commands.executeCommand("coterie.settings.open");
  } else if (kind === "context") {
    await commands.executeCommand("coterie.inspectContext", { channelId: channelId ?? null });
  }
}
