// Texts of a run to read: files as they were before it and as it left them, hand-offs, outputs of tools. Their URIs say all:
// `coterie-run:/<runId>/<kind>/<id>/<name>`.

import { Disposable, EventEmitter, type TextDocumentContentProvider, Uri, workspace } from "vscode";
import type { FileDiff } from "../protocol";
import type { Session } from "../session";
import { artifactText } from "./artifactText";

export const RUN_SCHEME = "coterie-run";

type Kind = "before" | "after" | "artifact" | "output";

/** Return the URI of a text. `id` is a file's URI, the place of an artifact, or a call. */
export function runUri(runId: string, kind: Kind, id: string, name: string): Uri {
  return Uri.from({ scheme: RUN_SCHEME, path: `/${runId}/${kind}/${name}`, query: id });
}

export class RunDocuments implements TextDocumentContentProvider {
  readonly #session: Session;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(session: Session) {
    this.#session = session;
  }

  register(): Disposable {
    return Disposable.from(
      this.#changed,
      workspace.registerTextDocumentContentProvider(RUN_SCHEME, this),
      this.#session.runs.changed.on(({ runId }) => {
        for (const { uri } of workspace.textDocuments) {
          if (uri.scheme === RUN_SCHEME && uri.path.startsWith(`/${runId}/`)) {
            this.#changed.fire(uri);
          }
        }
      }),
    );
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const [runId = "", kind] = uri.path.slice(1).split("/");
    const id = uri.query;
    switch (kind as Kind) {
      case "before":
      case "after": {
        const file = await this.diffOf(runId, id);
        return (kind === "before" ? file?.before : file?.after) ?? "";
      }
      case "artifact": {
        const artifact = (await this.#run(runId)).artifacts[Number(id)];
        return artifact === undefined ? "" : artifactText(artifact);
      }
      case "output":
        return (await this.#run(runId)).toolCalls[id]?.output ?? "";
      default:
        return "";
    }
  }

  /** Return what a run made of a file, or of each. */
  async filesOf(runId: string, paths: readonly string[] = []): Promise<readonly FileDiff[]> {
    return (await this.#session.wire.request("agent/run/diff", { runId, paths: [...paths], texts: true })).files;
  }

  async diffOf(runId: string, uri: string): Promise<FileDiff | undefined> {
    return (await this.filesOf(runId, [uri])).find((file) => file.uri === uri);
  }

  async #run(runId: string) {
    return this.#session.runs.get(runId) ?? (await this.#session.runs.load(runId));
  }
}
