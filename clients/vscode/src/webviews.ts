// The page of every webview: its bundled script and style from `dist/`, and a policy that allows nothing else. No script but ours with this
// page's nonce, nothing from the network, no inline style.

import { randomBytes } from "node:crypto";
import { Uri, type Webview, type WebviewOptions } from "vscode";

/** What a webview may read: what `build.mjs` made, and nothing of the workspace. */
export function webviewOptions(extension: Uri): WebviewOptions {
  return { enableScripts: true, localResourceRoots: [Uri.joinPath(extension, "dist")] };
}

/** Return the HTML of a view; `view` is its folder in `webview/`. */
export function pageOf(webview: Webview, extension: Uri, view: string, title: string): string {
  const nonce = randomBytes(16).toString("base64");
  const at = (file: string): string => webview.asWebviewUri(Uri.joinPath(extension, "dist", file)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at(`${view}.css`)}">
<title>${title}</title>
</head>
<body>
<div id="root"></div>
<script nonce="${nonce}" src="${at(`${view}.js`)}"></script>
</body>
</html>`;
}
