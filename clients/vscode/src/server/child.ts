// Programs that are ended with all that they have started: `client.ts` runs the server as one, `install.ts` what makes an environment.

import { type ChildProcessByStdio, execFile, type SpawnOptionsWithStdioTuple, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { bounded } from "./bounded";

const WINDOWS = process.platform === "win32";

/** A program with its pipes; `I` is what becomes of its input. */
export type Child<I extends Writable | null = Writable | null> = ChildProcessByStdio<I, Readable, Readable>;

type Options<I extends "pipe" | "ignore"> = SpawnOptionsWithStdioTuple<I, "pipe", "pipe">;

/** Start a program that is asked things over its input. Rejects when it cannot be started. */
export async function talkedTo(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Child<Writable>> {
  const options: Options<"pipe"> = { cwd, env, detached: !WINDOWS, windowsHide: true, stdio: ["pipe", "pipe", "pipe"] };
  const child = spawn(program, args, options);
  await once(child, "spawn");
  return child;
}

/** Start a program that is only listened to. */
export function listenedTo(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Child<null> {
  const options: Options<"ignore"> = { cwd, env, detached: !WINDOWS, windowsHide: true, stdio: ["ignore", "pipe", "pipe"] };
  return spawn(program, args, options);
}

/** End a program and what it has started. Does nothing where they have ended. */
export function end({ pid }: Child): void {
  if (pid === undefined) {
    return;
  }
  if (WINDOWS) {
    execFile(
      join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "taskkill.exe"),
      ["/T", "/F", "/PID", String(pid)],
      () => undefined,
    );
    return;
  }
  try {
    process.kill(-pid, "SIGKILL"); // Its whole group: it was started as the head of one.
  } catch {
    // It has ended.
  }
}

/** Wait until a program has ended by itself, then do nothing; end it when that takes too long. */
export async function ended(child: Child, graceMs: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    await bounded(once(child, "exit"), graceMs, "late").catch(() => end(child));
  }
}
