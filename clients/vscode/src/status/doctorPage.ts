// The doctor's page: asks the server for everything that `doctor.ts` tells of, and shows it as a rendered page that nobody has to save.

import { commands, Disposable, EventEmitter, type TextDocumentContentProvider, Uri, workspace } from "vscode";
import { refusalOf } from "../server/wire";
import type { Session } from "../session";
import { report } from "./doctor";

const PAGE = Uri.from({ scheme: "coterie-doctor", path: "/Coterie Doctor.md" });

export class DoctorPage implements TextDocumentContentProvider, Disposable {
  readonly #session: Session;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registered: Disposable;

  constructor(session: Session) {
    this.#session = session;
    this.#registered = Disposable.from(this.#changed, workspace.registerTextDocumentContentProvider(PAGE.scheme, this));
  }

  dispose(): void {
    this.#registered.dispose();
  }

  /** Look at everything anew, and show what was found. */
  async show(): Promise<void> {
    this.#changed.fire(PAGE);
    await commands.executeCommand("markdown.showPreview", PAGE);
  }

  async provideTextDocumentContent(): Promise<string> {
    const { wire } = this.#session;
    const { providers } = await wire.request("agent/provider/list", {});
    const [status, settings, ...checks] = await Promise.all([
      wire.request("agent/status", {}),
      wire.request("agent/settings/get", {}),
      ...providers.map(async ({ id }) => {
        try {
          return await wire.request("agent/provider/check", { provider: id });
        } catch (error) {
          return { provider: id, state: "unknown" as const, text: refusalOf(error).message };
        }
      }),
    ]);
    return report(status, checks, settings);
  }
}
