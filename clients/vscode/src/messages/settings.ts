// What the settings view and the extension say to each other. Keys of hosts are in none of it: the extension asks for them itself.

import type { AgentView, Grant, Json, ModelView, ProviderCheck, ProviderView, SecretName, SettingsView, Status } from "../protocol";
import type { RemedyCommand } from "../remedies";

/** Everything that the view shows. */
export interface SettingsState {
  readonly running: boolean;
  readonly settings: SettingsView | undefined;
  readonly providers: readonly ProviderView[];
  /** The latest look at each provider, by its id; "checking" while one is under way. */
  readonly checks: Readonly<Record<string, ProviderCheck | "checking">>;
  readonly keys: readonly SecretName[];
  readonly models: readonly ModelView[];
  /** How far each installation is, by the model's id. */
  readonly installs: Readonly<Record<string, string>>;
  readonly agents: readonly AgentView[];
  /** The answers that hold for more than their call. */
  readonly grants: readonly Grant[];
  readonly sandbox: Status["sandbox"] | undefined;
}

export type ToSettings =
  | { readonly kind: "state"; readonly state: SettingsState }
  /** Something could not be done; `at` is the key or id of the field that it is shown beside. */
  | { readonly kind: "refused"; readonly at: string; readonly text: string }
  | { readonly kind: "saved"; readonly at: string }
  | { readonly kind: "show"; readonly section: string };

export type FromSettings =
  | { readonly kind: "ready" }
  | { readonly kind: "set"; readonly key: string; readonly value: Json; readonly folder: string | undefined }
  | { readonly kind: "trust"; readonly folder: string; readonly trusted: boolean }
  | { readonly kind: "revoke"; readonly grant: string }
  | { readonly kind: "check"; readonly provider: string }
  | { readonly kind: "connect"; readonly provider: string; readonly connect: boolean }
  | { readonly kind: "enter_key"; readonly provider: string }
  | { readonly kind: "delete_key"; readonly name: string }
  | { readonly kind: "install"; readonly model: string }
  | { readonly kind: "cancel_install"; readonly model: string }
  | { readonly kind: "favourite"; readonly model: string; readonly favourite: boolean }
  | { readonly kind: "open"; readonly uri: string; readonly line: number | undefined }
  | { readonly kind: "command"; readonly command: RemedyCommand };
