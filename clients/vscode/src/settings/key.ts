// Keys of hosts: asked for with a masked field, kept in the server's vault, and tried at once; deleted, asked first. They are written nowhere
// else.

import { ThemeIcon, window } from "vscode";
import { unlinked } from "../notices";
import type { Session } from "../session";
import { STATE_WORDS, typeWords } from "./words";

/** Ask which provider, if none is named, and for its key. Returns the provider whose key was kept. */
export async function enterKey(session: Session, named?: string): Promise<string | undefined> {
  const provider = named ?? (await chooseProvider(session));
  if (provider === undefined) {
    return undefined;
  }
  const value = await window.showInputBox({
    title: `Key of ${provider}`,
    prompt: "It is kept encrypted in Coterie's vault on this machine, never in a settings file.",
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === "" ? "Paste the key that the provider gave you." : undefined),
  });
  if (value === undefined) {
    return undefined;
  }
  await session.wire.request("agent/key/set", { provider, value: value.trim() });
  return provider;
}

/** Delete a key for good, if the person says so once more. Returns whether it is gone. */
export async function deleteKey(session: Session, name: string): Promise<boolean> {
  const yes = "Delete";
  const detail = "It is kept nowhere else: what needs it asks for it again.";
  if ((await window.showWarningMessage(unlinked(`Delete the key ${name} from the vault?`), { modal: true, detail }, yes)) !== yes) {
    return false;
  }
  await session.wire.request("agent/key/delete", { name });
  return true;
}

/** Enter a key and say what the provider makes of it. */
export async function configureProviderKey(session: Session, named?: unknown): Promise<void> {
  const provider = await enterKey(session, typeof named === "string" ? named : undefined);
  if (provider === undefined) {
    return;
  }
  const check = await session.wire.request("agent/provider/check", { provider });
  const show = check.state === "ready" ? window.showInformationMessage : window.showWarningMessage;
  await show(unlinked(`The key of ${provider} is in the vault. ${check.text}`));
}

async function chooseProvider(session: Session): Promise<string | undefined> {
  const { providers } = await session.wire.request("agent/provider/list", {});
  const rows = providers.map(({ id, type, state }) => ({ label: id, description: `${typeWords(type)}, ${STATE_WORDS[state]}`, id }));
  const other = {
    iconPath: new ThemeIcon("add"),
    label: "Another provider…",
    description: "by the name that models have before their slash",
    id: undefined,
  };
  const chosen = await window.showQuickPick([...rows, other], { title: "Whose Key?", matchOnDescription: true });
  if (chosen === undefined) {
    return undefined;
  }
  return (
    chosen.id ??
    (await window.showInputBox({
      title: "Name of the Provider",
      placeHolder: "anthropic, openai, openrouter…",
      validateInput: (text) => (/^[a-z0-9][\w-]*$/i.test(text) ? undefined : "Letters, digits, - and _."),
    }))
  );
}
