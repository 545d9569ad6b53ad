// The server's own messages (`window/showMessage`) as notifications: the language client would show them with links in them.

import { window } from "vscode";
import { type BaseLanguageClient, MessageType, ShowMessageNotification } from "vscode-languageclient/node";
import { unlinked } from "../notices";

/** Show them in the place of the language client, which has a handler of its own for whoever has none. */
export function showMessagesOf(client: BaseLanguageClient): void {
  client.onNotification(ShowMessageNotification.type, ({ type, message }) => {
    if (type === MessageType.Error) {
      void window.showErrorMessage(unlinked(message));
    } else if (type === MessageType.Warning) {
      void window.showWarningMessage(unlinked(message));
    } else {
      void window.showInformationMessage(unlinked(message));
    }
  });
}
