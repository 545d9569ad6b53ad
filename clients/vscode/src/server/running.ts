// Waits for the server: VS Code asks for the texts of an earlier window's editors before there is one.

import type { Connection } from "./connection";

/** Wait until the server runs. Throws when it cannot be started. */
export function running(connection: Pick<Connection, "state" | "changed">): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const { state } = connection;
      if (state.kind === "running") {
        resolve();
      } else if (state.kind === "failed") {
        reject(new Error(state.reason));
      }
      return state.kind === "running" || state.kind === "failed";
    };
    if (!look()) {
      const listening = connection.changed.on(() => {
        if (look()) {
          listening.dispose();
        }
      });
    }
  });
}
