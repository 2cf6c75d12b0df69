// Bundles the style sheets and scripts into tracker/pages/static/build/, each under a name that carries its
// content's hash, with a compressed copy beside it and a manifest that tells the names.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const design = dirname(fileURLToPath(import.meta.url));
const shelf = join(design, "..", "static");
const out = join(shelf, "build");
const entries = ["site.css", "api-docs.css", "api-docs.js"];

// Files of earlier builds stay: a page that is open, or a process that still runs, asks for them.
await mkdir(out, { recursive: true });

const result = await build({
  absWorkingDir: design,
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  legalComments: "inline",
  target: ["chrome99", "firefox97", "safari15.4"],
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, made] of Object.entries(result.metafile.outputs)) {
  if (!made.entryPoint) continue;
  const path = join(design, file);
  const packed = gzipSync(await readFile(path), { level: constants.Z_BEST_COMPRESSION });
  await writeFile(`${path}.gz`, packed);
  manifest[basename(made.entryPoint)] = relative(shelf, path);
  console.log(`${relative(shelf, path)}  ${made.bytes} bytes, ${packed.length} compressed`);
}

// Last and at once, so that nobody reads of a file that is not there yet.
const draft = join(out, "manifest.json.new");
await writeFile(draft, `${JSON.stringify(manifest, null, 1)}\n`);
await rename(draft, join(out, "manifest.json"));
