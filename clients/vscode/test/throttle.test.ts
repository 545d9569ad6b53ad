import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Throttle } from "../src/state/throttle";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("does once what is asked for a thousand times, and again when it is asked for later", () => {
  const act = vi.fn();
  const throttle = new Throttle(150, act);
  for (let time = 0; time < 1_000; time += 1) {
    throttle.ask();
  }
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(150);
  expect(act).toHaveBeenCalledTimes(1);
  throttle.ask();
  vi.advanceTimersByTime(150);
  expect(act).toHaveBeenCalledTimes(2);
});

it("does nothing any more once it is disposed of", () => {
  const act = vi.fn();
  const throttle = new Throttle(150, act);
  throttle.ask();
  throttle.dispose();
  vi.advanceTimersByTime(1_000);
  expect(act).not.toHaveBeenCalled();
});
