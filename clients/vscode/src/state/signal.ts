// A list of listeners that works without VS Code's own emitter, so that state can be tested, and bundled into webviews, without it.

export interface Subscription {
  dispose(): void;
}

export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();

  on(listener: (value: T) => void): Subscription {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) {
      listener(value);
    }
  }
}
