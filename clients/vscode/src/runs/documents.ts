// Texts of a run to read: files as they were before it and as it left them, hand-offs, outputs of tools. Their URIs say all:
// `coterie-run://<kind>/<path>?<runId>&<id>`.

import { Disposable, EventEmitter, type TextDocumentContentProvider, Uri, workspace } from "vscode";
import type { FileDiff } from "../protocol";
import { running } from "../server/running";
import type { Session } from "../session";
import type { Run } from "../state/run";
import { Throttle } from "../state/throttle";
import { artifactText } from "./artifactText";
import { type Kind, Sources } from "./sources";

const RUN_SCHEME = "coterie-run";

/** Enough for eyes, and a file that changes a hundred times in a second is not read a hundred times. */
const LOOK_AGAIN_MS = 150;

/** Return the URI of a hand-off, by its place, or of a call's output. */
export function runUri(runId: string, kind: "artifact" | "output", id: string, name: string): Uri {
  return Uri.from({ scheme: RUN_SCHEME, authority: kind, path: `/${name}`, query: `${runId}&${id}` });
}

/** Return the URI of a file's text before or after a run, under the file's own path: VS Code takes it for no other file. */
export function sideUri(runId: string, side: "before" | "after", uri: string): Uri {
  return Uri.from({ scheme: RUN_SCHEME, authority: side, path: Uri.parse(uri).path, query: `${runId}&${uri}` });
}

function partsOf({ authority, query }: Uri): { kind: Kind; runId: string; id: string } {
  const at = query.indexOf("&");
  return { kind: authority as Kind, runId: query.slice(0, at), id: query.slice(at + 1) };
}

export class RunDocuments implements TextDocumentContentProvider {
  readonly #session: Session;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #sources = new Sources();
  readonly #others = new Map<string, Uri>();
  readonly #tell = new Throttle(LOOK_AGAIN_MS, () => {
    const uris = [...this.#others.values()];
    this.#others.clear();
    for (const uri of uris) {
      this.#changed.fire(uri);
    }
  });

  constructor(session: Session) {
    this.#session = session;
  }

  register(): Disposable {
    return Disposable.from(
      this.#changed,
      this.#tell,
      workspace.registerTextDocumentContentProvider(RUN_SCHEME, this),
      workspace.onDidCloseTextDocument(({ uri }) => this.#sources.forget(uri.toString())),
      this.#session.runs.changed.on((run) => {
        for (const { uri } of workspace.textDocuments) {
          if (uri.scheme === RUN_SCHEME && this.#isOther(uri, run)) {
            this.#others.set(uri.toString(), uri);
            this.#tell.ask();
          }
        }
      }),
    );
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    await running(this.#session.connection);
    const { kind, runId, id } = partsOf(uri);
    const known = this.#session.runs.get(runId);
    if (known !== undefined) {
      this.#isOther(uri, known);
    }
    switch (kind) {
      case "before":
      case "after": {
        const file = await this.diffOf(runId, id);
        return (kind === "before" ? file?.before : file?.after) ?? "";
      }
      case "artifact": {
        const artifact = (await this.#session.runs.known(runId)).artifacts[Number(id)];
        return artifact === undefined ? "" : artifactText(artifact);
      }
      case "output":
        return (await this.#session.runs.known(runId)).toolCalls[id]?.output ?? "";
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

  /** Say whether a text may be another one after what was told of a run. */
  #isOther(uri: Uri, run: Run): boolean {
    const { kind, runId, id } = partsOf(uri);
    return runId === run.runId && this.#sources.differs(uri.toString(), run, kind, id);
  }
}
