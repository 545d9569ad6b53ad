// Bundles the extension and its webviews into `dist/`: `node build.mjs`. `--sizes` prints what each bundle weighs.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import esbuild from "esbuild";

const common = { bundle: true, minify: true, sourcemap: false, logLevel: "warning", target: "es2022", legalComments: "none" };

rmSync("dist", { recursive: true, force: true });
await esbuild.build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.cjs",
  platform: "node",
  format: "cjs",
  external: ["vscode"],
  // The packages' ES modules are what can be shaken.
  mainFields: ["module", "main"],
});
// Each folder of `webview/` with a `main.ts` (or `main.tsx`) is the script of one view, and its `main.css` the style.
for (const view of readdirSync("webview")) {
  for (const [file, kind] of [
    ["main.ts", "js"],
    ["main.tsx", "js"],
    ["main.css", "css"],
  ]) {
    const entry = join("webview", view, file);
    if (existsSync(entry)) {
      await esbuild.build({
        ...common,
        entryPoints: [entry],
        outfile: `dist/${view}.${kind}`,
        platform: "browser",
        format: "iife",
        loader: { ".ttf": "file" },
      });
    }
  }
}
if (process.argv.includes("--sizes")) {
  for (const file of readdirSync("dist")) {
    console.log(`${file}\t${statSync(join("dist", file)).size}`);
  }
}
