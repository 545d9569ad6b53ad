import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { candidates, locate, type Places } from "../src/server/locate";
import { probeFrom } from "../src/server/probe";
import { Restarts } from "../src/server/restarts";
import { collected, keysOf } from "../src/server/settings";
import { strangeness } from "../src/server/versions";

const places: Places = {
  setting: [],
  python: "/env/bin/python",
  path: "/usr/bin:relative:/opt/bin",
  own: "/store/bin/coterie",
  wheel: "/ext/coterie.whl",
  windows: false,
};
const only =
  (...programs: string[]) =>
  async (command: string) =>
    programs.includes(command) ? "0.1.0" : undefined;

describe("finding the server", () => {
  it("takes what the settings name, and asks nobody", async () => {
    const refuse = () => Promise.reject(new Error("asked"));
    expect(await locate({ ...places, setting: ["/x/coterie", "--flag"] }, refuse)).toEqual({
      source: "settings",
      command: "/x/coterie",
      args: ["--flag"],
    });
  });

  it.each([
    ["the active environment", ["/env/bin/python", "/usr/bin/coterie"], "environment"],
    ["the PATH, in its order", ["/opt/bin/coterie", "/store/bin/coterie"], "path"],
    ["its own environment", ["/store/bin/coterie", "/opt/bin/uvx"], "own"],
    ["uvx", ["/opt/bin/uvx", "uvx"], "uvx"],
  ])("finds %s first", async (_name, there, source) => {
    expect((await locate(places, only(...there)))?.source).toBe(source);
  });

  it("starts what may be a server in the folder that it is given, whatever folder is open", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "coterie-home-")));
    const program = ["-e", `console.log(process.cwd() === ${JSON.stringify(folder)} ? "1.2.3" : "elsewhere")`];
    expect(await probeFrom(folder)(process.execPath, program)).toBe("1.2.3");
    expect(await probeFrom(tmpdir())(process.execPath, program)).toBeUndefined();
  });

  it.each([
    ["/ext/coterie-0.2.0-py3-none-any.whl", "0.2.0"],
    ["/ext/coterie-0.1.0-py3-none-any.whl", undefined],
  ])("says what %s brings in the place of an own one", async (wheel, brings) => {
    expect((await locate({ ...places, wheel }, only("/store/bin/coterie")))?.brings).toBe(brings);
    expect((await locate({ ...places, wheel }, only("/opt/bin/coterie")))?.brings).toBeUndefined();
  });

  it("says that there is none", async () => {
    expect(await locate(places, only())).toBeUndefined();
  });

  it("never starts what a relative entry of the PATH would name in the open folder", () => {
    expect(candidates(places).map((each) => each.command)).not.toContain("relative/coterie");
  });

  it("runs uvx on its own wheel and never on a name that an index resolves", () => {
    expect(candidates(places).at(-1)).toEqual({ source: "uvx", command: "/opt/bin/uvx", args: ["--from", "/ext/coterie.whl", "coterie"] });
    expect(candidates({ ...places, wheel: undefined }).map((each) => each.source)).not.toContain("uvx");
  });
});

describe("the version of a server that was found", () => {
  it.each([
    ["0.1.0", "0.1.9", undefined],
    ["0.1.0", "0.2.0", "earlier"],
    ["0.10.0", "0.9.3", "later"],
    ["0.9.0", "1.0.0", "earlier"],
    ["1.0.0", "0.99.0", "later"],
    ["1.2.0", "1.9.0", undefined],
    ["2.0.0rc1", "1.9.0", "later"],
    ["", "0.1.0", undefined],
  ])("%s is to an extension of %s: %s", (server, extension, said) => {
    expect(strangeness(server, extension)).toBe(said);
  });
});

describe("a server that ends by itself", () => {
  it("is started again so often and no more", () => {
    const restarts = new Restarts({ count: 2, withinMs: 1000 });
    expect([0, 10, 20].map((now) => restarts.mayRestart(now))).toEqual([true, true, false]);
  });

  it("is started again when the earlier ends are long ago, or a person started it", () => {
    const restarts = new Restarts({ count: 1, withinMs: 1000 });
    expect([restarts.mayRestart(0), restarts.mayRestart(2000), restarts.mayRestart(2001)]).toEqual([true, true, false]);
    restarts.forget();
    expect(restarts.mayRestart(2002)).toBe(true);
  });
});

describe("the settings that go to the server", () => {
  const manifest = {
    contributes: {
      configuration: [
        { properties: { "coterie.server.command": { scope: "machine" }, "coterie.model": { scope: "resource" } } },
        { properties: { "coterie.permissions.allow": { scope: "machine" }, "coterie.suggestions.enabled": {} } },
      ],
    },
  };
  const of = (values: Record<string, object>) => collected(keysOf(manifest), (name) => values[name]);

  it("are those that somebody set, the nearest first, and no defaults", () => {
    expect(
      of({ model: { defaultValue: "d", globalValue: "g", workspaceValue: "w" }, "suggestions.enabled": { globalValue: false } }),
    ).toEqual({
      model: "w",
      suggestions: { enabled: false },
    });
    expect(of({ model: { defaultValue: "d" } })).toEqual({});
  });

  it("take nothing of machine scope from a folder", () => {
    expect(of({ "permissions.allow": { workspaceValue: ["exec(*)"], workspaceFolderValue: ["exec(*)"] } })).toEqual({});
    expect(of({ "permissions.allow": { globalValue: ["exec(ls)"], workspaceValue: ["exec(*)"] } })).toEqual({
      permissions: { allow: ["exec(ls)"] },
    });
  });

  it("leave out what is the editor's alone", () => {
    expect(of({ "server.command": { globalValue: ["x"] } })).toEqual({});
  });
});
