// The states of the server as a window sees them. Pure.

export type ServerState =
  | { readonly kind: "stopped" }
  /** There is none on this machine yet; one can be installed. */
  | { readonly kind: "missing" }
  | { readonly kind: "installing" }
  | { readonly kind: "starting" }
  /** It ended by itself. */
  | { readonly kind: "restarting" }
  /** `brings`: the version that could be installed in the place of the one that the extension has installed earlier. */
  | { readonly kind: "running"; readonly version: string; readonly brings?: string }
  | { readonly kind: "failed"; readonly reason: string; readonly doing: "start" | "install" };

/** Whether one can work with it: for whoever does not say more than that. */
export type Phase = "stopped" | "starting" | "running" | "failed";

export function phaseOf(kind: ServerState["kind"]): Phase {
  switch (kind) {
    case "stopped":
    case "missing":
      return "stopped";
    case "installing":
    case "starting":
    case "restarting":
      return "starting";
    case "running":
    case "failed":
      return kind;
  }
}
