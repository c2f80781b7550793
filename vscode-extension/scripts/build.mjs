// Bundles the extension and the page of its map, one file each; with --tests the tests too.
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const shared = { bundle: true, logLevel: "warning" };
const node = { ...shared, platform: "node", target: "node18", format: "cjs", external: ["vscode"] };

await build({ ...node, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", minify: true, sourcemap: true });
await build({
  ...shared,
  entryPoints: { map: "src/webview/main.ts" },
  outdir: "dist",
  platform: "browser",
  target: "es2022",
  format: "iife",
  minify: true,
});

if (process.argv.includes("--tests")) {
  const tests = ["unit", "host"].flatMap((folder) =>
    readdirSync(`test/${folder}`)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `test/${folder}/${name}`),
  );
  await build({
    ...node,
    entryPoints: tests,
    outdir: "dist/test",
    outbase: "test",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
  });
}
