// Waits no longer than something is worth waiting for. Pure.

/** Wait for a piece of work; reject with `late` after so long, and with `"stopped"` once the signal is given. The work itself goes on. */
export function bounded<T>(work: PromiseLike<T>, ms: number, late: string, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => settle(() => reject(new Error("stopped")));
    const timer = setTimeout(() => settle(() => reject(new Error(late))), ms);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      how();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) {
      stop();
    }
    work.then(
      (value) => settle(() => resolve(value)),
      (reason: unknown) => settle(() => reject(reason)),
    );
  });
}
