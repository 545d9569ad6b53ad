// The extension at the other end of a webview: typed messages to it, and the state that VS Code keeps for the view.

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Host<ToHost, State> {
  post(message: ToHost): void;
  state(): State | undefined;
  keep(state: State): void;
}

/** Connect to the extension, once for each page. */
export function connect<ToHost, FromHost, State>(receive: (message: FromHost) => void): Host<ToHost, State> {
  const api = acquireVsCodeApi();
  window.addEventListener("message", (event: MessageEvent<FromHost>) => receive(event.data));
  return {
    post: (message) => api.postMessage(message),
    state: () => (api.getState() ?? undefined) as State | undefined,
    keep: (state) => api.setState(state),
  };
}
