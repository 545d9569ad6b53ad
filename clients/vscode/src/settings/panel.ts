// The settings view as an editor tab: one for the window, there again after a reload. `gathering.ts` is what it shows, `webview/settings`
// how.

import { commands, Disposable, Selection, Uri, ViewColumn, type WebviewPanel, window, workspace } from "vscode";
import type { FromSettings, ToSettings } from "../messages/settings";
import { guarded, showRemedy } from "../refusals";
import { isRemedy, remedyOf } from "../remedies";
import { CANCELLED, refusalOf } from "../server/wire";
import type { Session } from "../session";
import { pageOf, webviewOptions } from "../webviews";
import { findModels } from "./finding";
import { Gathering } from "./gathering";
import { Installations } from "./installations";
import { configureProviderKey, deleteKey, enterKey } from "./key";

const TYPE = "coterie.settings";

export function registerSettings(session: Session): Disposable {
  const installations = new Installations(session);
  let view: SettingsPanel | undefined;
  const attach = (panel: WebviewPanel): SettingsPanel => {
    const made = new SettingsPanel(panel, session, installations);
    panel.onDidDispose(() => {
      made.dispose();
      view = undefined;
    });
    view = made;
    return made;
  };
  const open = (section: unknown): void => {
    const options = { ...webviewOptions(session.context.extensionUri), retainContextWhenHidden: false };
    const shown = view ?? attach(window.createWebviewPanel(TYPE, "Coterie Settings", ViewColumn.Active, options));
    shown.show(typeof section === "string" ? section : undefined);
  };
  return Disposable.from(
    commands.registerCommand("coterie.settings.open", open),
    commands.registerCommand("coterie.configureProviderKey", (provider: unknown) => guarded(() => configureProviderKey(session, provider))),
    commands.registerCommand("coterie.models.find", () => guarded(() => findModels(session))),
    window.registerWebviewPanelSerializer(TYPE, {
      deserializeWebviewPanel: async (panel) => {
        panel.webview.options = webviewOptions(session.context.extensionUri);
        attach(panel);
      },
    }),
    { dispose: () => view?.dispose() },
    installations,
  );
}

class SettingsPanel implements Disposable {
  readonly #panel: WebviewPanel;
  readonly #session: Session;
  readonly #installations: Installations;
  readonly #gathering: Gathering;
  readonly #subscriptions: Disposable[];
  /** The section to be shown once the page is there. */
  #section: string | undefined;
  /** The page hears what it is told; while its tab is hidden there is none. */
  #isThere = false;
  #isClosed = false;

  constructor(panel: WebviewPanel, session: Session, installations: Installations) {
    this.#panel = panel;
    this.#session = session;
    this.#installations = installations;
    this.#gathering = new Gathering(session, installations);
    this.#subscriptions = [
      this.#gathering,
      this.#gathering.changed.on((state) => this.#post({ kind: "state", state })),
      panel.webview.onDidReceiveMessage((message: FromSettings) => this.#receive(message)),
      panel.onDidChangeViewState(() => {
        this.#isThere &&= panel.visible;
      }),
    ];
    const icon = (theme: string): Uri => Uri.joinPath(session.context.extensionUri, "media", `tab-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    panel.webview.html = pageOf(panel.webview, session.context.extensionUri, "settings", "Coterie Settings");
  }

  dispose(): void {
    this.#isClosed = true;
    Disposable.from(...this.#subscriptions).dispose();
  }

  show(section: string | undefined): void {
    this.#section = section;
    this.#panel.reveal();
    this.#turn();
  }

  /** Show the section that was asked for, once: where a person turns to afterwards is where the view stays. */
  #turn(): void {
    if (this.#isThere && this.#section !== undefined) {
      this.#post({ kind: "show", section: this.#section });
      this.#section = undefined;
    }
  }

  #post(message: ToSettings): void {
    if (this.#isClosed) {
      return;
    }
    void this.#panel.webview.postMessage(message);
  }

  async #receive(message: FromSettings): Promise<void> {
    const at = fieldOf(message);
    try {
      await this.#do(message);
      this.#post({ kind: "saved", at });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === CANCELLED) {
        return;
      }
      if (this.#isClosed) {
        await showRemedy(refusal.message, remedyOf(refusal));
      } else {
        this.#post({ kind: "refused", at, text: refusal.message });
      }
    }
  }

  async #do(message: FromSettings): Promise<void> {
    const { wire } = this.#session;
    switch (message.kind) {
      case "ready":
        this.#post({ kind: "state", state: this.#gathering.state });
        this.#isThere = true;
        this.#turn();
        await this.#gathering.refresh();
        await this.#gathering.checkAll();
        break;
      case "set": {
        const { key, value, folder } = message;
        await wire.request("agent/settings/set", folder === undefined ? { key, value } : { key, value, layer: "project", folder });
        await this.#gathering.refresh();
        break;
      }
      case "trust":
        await wire.request("agent/trust/set", { folder: message.folder, trusted: message.trusted });
        await this.#gathering.refresh();
        break;
      case "revoke":
        await wire.request("agent/grant/revoke", { grantId: message.grant }).finally(() => this.#gathering.refresh());
        break;
      case "check":
        await this.#gathering.check(message.provider);
        break;
      case "connect":
        await wire.request(message.connect ? "agent/provider/connect" : "agent/provider/disconnect", { provider: message.provider });
        await this.#gathering.refresh();
        break;
      case "enter_key":
        if ((await enterKey(this.#session, message.provider)) !== undefined) {
          await this.#gathering.refresh();
          await this.#gathering.check(message.provider);
        }
        break;
      case "delete_key":
        if (await deleteKey(this.#session, message.name)) {
          await this.#gathering.refresh();
        }
        break;
      case "install":
        await this.#installations.install(message.model);
        break;
      case "cancel_install":
        this.#installations.cancel(message.model);
        break;
      case "favourite":
        await wire.request("agent/model/favourite", { model: message.model, favourite: message.favourite });
        await this.#gathering.refresh();
        break;
      case "open":
        await openAt(message.uri, message.line);
        break;
      case "command":
        if (isRemedy(message.command)) {
          await commands.executeCommand(message.command);
        }
        break;
    }
  }
}

/** The field of the view beside which it is shown how a message's work ended. */
function fieldOf(message: FromSettings): string {
  switch (message.kind) {
    case "set":
      return message.key;
    case "trust":
      return `trust ${message.folder}`;
    case "revoke":
      return "grants";
    case "check":
    case "connect":
    case "enter_key":
      return `provider ${message.provider}`;
    case "delete_key":
      return `key ${message.name}`;
    case "install":
    case "cancel_install":
    case "favourite":
      return `model ${message.model}`;
    default:
      return message.kind;
  }
}

async function openAt(uri: string, line: number | undefined): Promise<void> {
  const editor = await window.showTextDocument(await workspace.openTextDocument(Uri.parse(uri)));
  if (line !== undefined) {
    editor.selection = new Selection(line - 1, 0, line - 1, 0);
    editor.revealRange(editor.selection);
  }
}
