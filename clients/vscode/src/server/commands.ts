// Commands that the server itself offers (`workspace/executeCommand`) and that a person may choose from the palette: what they answer is
// shown, where the extension has no view for it.

import { window } from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { unlinked } from "../notices";
import type { ProviderCheck } from "../protocol";
import { showRemedy } from "../refusals";
import { remedyOf } from "../remedies";
import { Refusal, refusalOf } from "./wire";

export const commandMiddleware: Middleware = {
  executeCommand: async (command, args, next) => {
    if (command !== "coterie.checkClaudeCode") {
      return next(command, args);
    }
    try {
      const check = (await next(command, args)) as ProviderCheck;
      void showCheck(check);
      return check;
    } catch (error) {
      void window.showErrorMessage(unlinked(refusalOf(error).message));
      return undefined;
    }
  },
};

async function showCheck(check: ProviderCheck): Promise<void> {
  if (check.state === "ready") {
    await window.showInformationMessage(unlinked(check.text));
    return;
  }
  const action = check.action === "coterie.checkClaudeCode" ? undefined : (check.action ?? undefined);
  await showRemedy(check.text, remedyOf(new Refusal(check.text, check.state, action)));
}
