import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { end, ended, talkedTo } from "../src/server/child";

/** A program that starts another one, says its number, and then does this. */
const started = (then: string) =>
  talkedTo(
    process.execPath,
    [
      "-e",
      `const { spawn } = require("node:child_process");
       const beside = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "inherit" });
       console.log(beside.pid);
       ${then}`,
    ],
    tmpdir(),
  );

describe.skipIf(process.platform === "win32")("a program", () => {
  it("is ended with what it has started", async () => {
    const child = await started("");
    await once(createInterface({ input: child.stdout }), "line");
    end(child);
    await once(child, "close"); // Its pipes are closed when nobody holds them, the other one neither.
    expect(child.signalCode).toBe("SIGKILL");
    end(child);
  });

  it("may end by itself, and is ended when it takes too long", async () => {
    const child = await started("beside.kill(); process.stdin.on('end', () => process.exit(3)).resume();");
    await once(createInterface({ input: child.stdout }), "line");
    child.stdin.end();
    await ended(child, 30_000);
    expect(child.exitCode).toBe(3);
    const stays = await started("");
    await once(createInterface({ input: stays.stdout }), "line");
    const closed = once(stays, "close");
    await ended(stays, 1);
    await closed;
    expect(stays.signalCode).toBe("SIGKILL");
  });

  it("that is not there says so", async () => {
    await expect(talkedTo("/nowhere/coterie", [], tmpdir())).rejects.toThrow("spawn /nowhere/coterie ENOENT");
  });
});
