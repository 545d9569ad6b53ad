// Puts off what is asked for often: it is done once, a while after it was asked for first.

export class Throttle {
  readonly #act: () => void;
  readonly #delayMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, act: () => void) {
    this.#delayMs = delayMs;
    this.#act = act;
  }

  ask(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#act();
    }, this.#delayMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
