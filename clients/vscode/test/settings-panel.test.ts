// The tab of the settings view without VS Code: at which section it opens, what goes on without it, and what is asked first.

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FromSettings, ToSettings } from "../src/messages/settings";
import type { Session } from "../src/session";

const stage = vi.hoisted(() => ({
  commands: new Map<string, (argument?: unknown) => void>(),
  panels: [] as { hear: (message: FromSettings) => Promise<void>; show: (visible: boolean) => void; close: () => void }[],
  posted: [] as ToSettings[],
  answer: undefined as string | undefined,
  asked: [] as string[],
}));

vi.mock("vscode", () => {
  const Disposable = {
    from: (...each: { dispose(): void }[]) => ({
      dispose: (): void => {
        for (const one of each) {
          one.dispose();
        }
      },
    }),
  };
  class CancellationTokenSource {
    token = {};
    cancel(): void {}
    dispose(): void {}
  }
  const createWebviewPanel = (): unknown => {
    const heard = { hear: async (_message: FromSettings): Promise<void> => {}, view: (): void => {}, close: (): void => {} };
    const panel = {
      visible: true,
      reveal: (): void => {},
      onDidDispose: (listener: () => void) => {
        heard.close = listener;
      },
      onDidChangeViewState: (listener: () => void) => {
        heard.view = listener;
        return { dispose: (): void => {} };
      },
      webview: {
        cspSource: "",
        asWebviewUri: (uri: unknown) => uri,
        postMessage: (message: ToSettings) => stage.posted.push(message),
        onDidReceiveMessage: (listener: (message: FromSettings) => Promise<void>) => {
          heard.hear = listener;
          return { dispose: (): void => {} };
        },
      },
    };
    const show = (visible: boolean): void => {
      panel.visible = visible;
      heard.view();
    };
    stage.panels.push({ hear: (message) => heard.hear(message), show, close: () => heard.close() });
    return panel;
  };
  return {
    CancellationTokenSource,
    Disposable,
    commands: {
      registerCommand: (id: string, run: (argument?: unknown) => void) => {
        stage.commands.set(id, run);
        return { dispose: (): void => {} };
      },
    },
    ThemeIcon: class {},
    Selection: class {},
    Uri: { joinPath: () => "" },
    ViewColumn: {},
    window: {
      createWebviewPanel,
      registerWebviewPanelSerializer: () => ({ dispose: (): void => {} }),
      showWarningMessage: async (text: string) => {
        stage.asked.push(text);
        return stage.answer;
      },
    },
    workspace: {},
  };
});
vi.mock("vscode-languageclient/node", () => ({ LSPErrorCodes: {}, ResponseError: class {}, State: {}, WorkDoneProgress: {} }));

const { registerSettings } = await import("../src/settings/panel");

const requested: string[] = [];
let told: (text: string) => void;
let end: () => void;

function open(section?: string): (typeof stage.panels)[number] {
  stage.commands.get("coterie.settings.open")?.(section);
  const panel = stage.panels.at(-1);
  if (panel === undefined) {
    throw new Error("no tab was opened");
  }
  return panel;
}

const sections = (): readonly string[] => stage.posted.flatMap((message) => (message.kind === "show" ? [message.section] : []));
const installs = (): unknown => stage.posted.findLast((message) => message.kind === "state")?.state.installs;

beforeEach(() => {
  stage.panels.length = 0;
  stage.posted.length = 0;
  stage.asked.length = 0;
  requested.length = 0;
  const quiet = { on: () => ({ dispose: (): void => {} }) };
  const connection = {
    changed: quiet,
    on: quiet.on,
    state: { kind: "stopped" },
    onProgress: (_token: string, listener: (text: string) => void) => {
      told = listener;
      return { dispose: (): void => {} };
    },
  };
  const request = (method: string): Promise<unknown> => {
    requested.push(method);
    return method === "agent/model/install"
      ? new Promise<void>((resolve) => {
          end = resolve;
        })
      : Promise.resolve({});
  };
  const session = { context: { extensionUri: "" }, connection, statusChanged: quiet, wire: { request }, log: { warn: (): void => {} } };
  registerSettings(session as unknown as Session);
});

describe("the tab of the settings view", () => {
  it("opens at the section that was asked for, and stays where the person turned to when it is shown again", async () => {
    const panel = open("providers");
    await panel.hear({ kind: "ready" });
    expect(sections()).toEqual(["providers"]);
    panel.show(false);
    panel.show(true);
    await panel.hear({ kind: "ready" });
    expect(sections()).toEqual(["providers"]);
  });

  it("turns to a section at once where its page is there, else when it is, and once", async () => {
    const panel = open();
    await panel.hear({ kind: "ready" });
    open("models");
    expect(sections()).toEqual(["models"]);
    panel.show(false);
    open("agents");
    expect(sections()).toEqual(["models"]);
    await panel.hear({ kind: "ready" });
    await panel.hear({ kind: "ready" });
    expect(sections()).toEqual(["models", "agents"]);
  });

  it("shows an installation that went on while it was closed, until that ends", async () => {
    const first = open();
    const installed = first.hear({ kind: "install", model: "box/new" });
    first.close();
    told("40 %");
    const second = open();
    await second.hear({ kind: "ready" });
    expect(installs()).toEqual({ "box/new": "40 %" });
    end();
    await installed;
    await vi.waitFor(() => expect(installs()).toEqual({}), { timeout: 30_000 });
  });

  it.each([
    ["deletes a key when the person says so once more", "Delete", ["agent/key/delete"]],
    ["keeps a key when the person does not", undefined, []],
  ])("%s", async (_what, answer, requests) => {
    stage.answer = answer;
    await open().hear({ kind: "delete_key", name: "work/api_key" });
    expect(stage.asked).toEqual(["Delete the key work/api_key from the vault?"]);
    expect(requested).toEqual(requests);
  });
});
