// A commit message for what is staged, written into the box of VS Code's own Git view: asked of the server, which never commits.

import { commands, type Disposable, extensions, ProgressLocation, type SourceControl, type Uri, window } from "vscode";
import { unlinked } from "../notices";
import { guarded } from "../refusals";
import type { Session } from "../session";

/** What VS Code's Git extension exports, as far as we ask it. */
interface GitExtension {
  getAPI(version: 1): { readonly repositories: readonly Repository[] };
}

interface Repository {
  readonly rootUri: Uri;
  readonly inputBox: { value: string };
  readonly state: { readonly indexChanges: readonly unknown[] };
}

export function registerCommitMessage(session: Session): Disposable {
  return commands.registerCommand("coterie.scm.generate", (source?: SourceControl) => guarded(() => generate(session, source?.rootUri)));
}

async function generate(session: Session, root: Uri | undefined): Promise<void> {
  const repository = await chosen(root);
  if (repository === undefined) {
    return;
  }
  const before = repository.inputBox.value;
  await window.withProgress(
    { location: ProgressLocation.SourceControl, title: "Writing a commit message", cancellable: true },
    async (_progress, token) => {
      const folder = repository.rootUri.toString();
      const staged = repository.state.indexChanges.length > 0;
      const { text, withheld = [] } = await session.wire.request("agent/commit/message", { folder, staged }, token);
      if (repository.inputBox.value !== before) {
        // The person has written one meanwhile: theirs stays, ours is a choice.
        const use = "Use It";
        if ((await window.showInformationMessage(unlinked(`A message was written: ${text.split("\n")[0]}`), use)) !== use) {
          return;
        }
      }
      repository.inputBox.value = text;
      if (withheld.length > 0) {
        void window.showInformationMessage(unlinked(`Kept from the model: ${withheld.join(", ")} (secret or ignored).`));
      }
    },
  );
}

async function chosen(root: Uri | undefined): Promise<Repository | undefined> {
  const git = await extensions.getExtension<GitExtension>("vscode.git")?.activate();
  const repositories = git?.getAPI(1).repositories ?? [];
  const named = repositories.find((each) => each.rootUri.toString() === root?.toString());
  if (named !== undefined || repositories.length === 1) {
    return named ?? repositories[0];
  }
  if (repositories.length === 0) {
    await window.showWarningMessage("There is no Git repository in this window.");
    return undefined;
  }
  const picked = await window.showQuickPick(
    repositories.map((repository) => ({ label: repository.rootUri.fsPath, repository })),
    { title: "Commit Message for Which Repository?" },
  );
  return picked?.repository;
}
