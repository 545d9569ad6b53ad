// What a person says on its way to the server: a new chat is opened for the first words, a message that is written anew goes on in a chat of
// its own, and while the server starts the words wait for it.

import { window } from "vscode";
import { folderFor } from "../folders";
import { unlinked } from "../notices";
import type { Attachment, ChannelForked } from "../protocol";
import { guarded } from "../refusals";
import { undo } from "../runs/undoing";
import { phaseOf } from "../server/state";
import { Refusal } from "../server/wire";
import type { Session } from "../session";
import type { Choice } from "./answerer";
import { attachmentOf } from "./chips";
import type { Chip } from "./draft";

export interface Words {
  /** Undefined: these begin a chat. */
  readonly channelId: string | undefined;
  /** Undefined: the words of the message that they take the place of. */
  readonly text: string | undefined;
  readonly chips: readonly Chip[];
  readonly choice: Choice;
  /** The message that they take the place of. */
  readonly insteadOf: string | undefined;
}

export class Outgoing {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Say something; returns the chat in which it was said. */
  async send({ channelId, text, chips, choice, insteadOf }: Words): Promise<string> {
    await this.#running();
    const { wire, runs } = this.#session;
    const attachments = await Promise.all(chips.map(attachmentOf));
    if (channelId !== undefined && insteadOf !== undefined) {
      const forked = await wire.request("agent/channel/fork", { channelId, messageId: insteadOf });
      await this.#post(forked.channelId, text ?? forked.text ?? "", [...(forked.attachments ?? []), ...attachments], choice);
      void this.#offerUndo(forked);
      return forked.channelId;
    }
    const goesOn = channelId !== undefined && runs.active(channelId) !== undefined;
    return this.#post(channelId, text ?? "", attachments, goesOn ? { ...choice, workflow: undefined } : choice);
  }

  /** Go on from a message in a chat of its own; returns what the server made. */
  fork(channelId: string, messageId: string): Promise<ChannelForked> {
    return this.#session.wire.request("agent/channel/fork", { channelId, messageId });
  }

  async #post(channelId: string | undefined, text: string, attachments: Attachment[], choice: Choice): Promise<string> {
    const { wire } = this.#session;
    const { agent = null, model = null, workflow = null } = choice;
    if (channelId !== undefined && workflow === null) {
      await wire.request("agent/channel/post", { channelId, text, attachments });
      return channelId;
    }
    // A chat that begins with its first words is called by them.
    const who = workflow === null ? { agent } : { workflow };
    const folder = await folderFor(window.activeTextEditor?.document.uri);
    if (folder === undefined) {
      throw new Refusal("Nothing was sent: no folder was chosen for it.", "no_folder", undefined);
    }
    const where = { channelId: channelId ?? null, folder };
    const started = await wire.request("agent/run/start", { prompt: text, ...who, ...where, model, attachments });
    if (channelId === undefined && (agent !== null || model !== null)) {
      await wire.request("agent/channel/choose", { channelId: started.channelId, agent, model });
    }
    return started.channelId;
  }

  /** What was changed by answers that are left behind is still on the disk: say so, and offer to take it back. */
  async #offerUndo({ staying = [] }: ChannelForked): Promise<void> {
    const paths = [...new Set(staying.flatMap((run) => run.paths))];
    if (paths.length === 0) {
      return;
    }
    const takeBack = "Undo These Changes";
    const text = `What the earlier answer changed stays on the disk: ${paths.join(", ")}.`;
    if ((await window.showInformationMessage(unlinked(text), takeBack)) === takeBack) {
      await guarded(() => undo(this.#session, ...staying.map(({ runId }) => ({ runId }))));
    }
  }

  /** Wait for a server that is being started. */
  async #running(): Promise<void> {
    const { connection } = this.#session;
    const starts = (): boolean => phaseOf(connection.state.kind) === "starting";
    if (starts()) {
      await new Promise<void>((resolve) => {
        const listening = connection.changed.on(() => {
          if (!starts()) {
            listening.dispose();
            resolve();
          }
        });
      });
    }
    if (connection.state.kind !== "running") {
      throw new Refusal("The Coterie server is not running.", "not_running", "coterie.restartServer");
    }
  }
}
