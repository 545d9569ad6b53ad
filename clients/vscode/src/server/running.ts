// Waits for the server: VS Code asks for the texts of an earlier window's editors before there is one.

import type { Connection } from "./connection";

/** Wait until the server runs. Throws when it cannot be started, or there is none. */
export function running(connection: Pick<Connection, "state" | "changed">): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const { state } = connection;
      switch (state.kind) {
        case "running":
          resolve();
          return true;
        case "failed":
          reject(new Error(state.reason));
          return true;
        case "missing":
          reject(new Error("There is no Coterie server on this machine yet."));
          return true;
        default:
          return false;
      }
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
