// Bundles the style sheets and scripts into tracker/pages/static/build/, each under a name that carries its
// content's hash, with a compressed copy beside it and a manifest that tells the names.
//
// The staff pages' sheet (site.css) holds the whole design. The customers' pages get what they use of theirs
// (customers.css, as public.css), and the front page carries its own part within itself (home.css), so that
// nothing is waited for but the page.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { outlines } from "./outlines.js";
import { namesIn, prune } from "./prune.js";

const design = dirname(fileURLToPath(import.meta.url));
const shelf = join(design, "..", "static");
const out = join(shelf, "build");
const site = join(design, "..", "..", "..", "public_status");
const shared = join(design, "..", "templates", "design");
const entries = ["site.css", "customers.css", "api-docs.css", "api-docs.js", "counter.js", "dispatch.js", "figures.js", "jobs.js"];

// Files of earlier builds stay: a page that is open, or a process that still runs, asks for them.
await mkdir(out, { recursive: true });

const result = await build({
  absWorkingDir: design,
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  bundle: true,
  plugins: [outlines],
  minify: true,
  legalComments: "inline",
  target: ["chrome99", "firefox97", "safari15.4"],
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, made] of Object.entries(result.metafile.outputs)) {
  if (made.entryPoint) await put(basename(made.entryPoint), join(design, file));
}

await buildWorker();
await copyFonts();

const whole = await readFile(join(shelf, manifest["customers.css"]), "utf8");
const parts = {
  "public.css": [...(await textsOf(site)), ...(await textsOf(shared))],
  "home.css": await withMacros([join(shared, "layout.html"), ...["base.html", "lookup.html"].map(ofSite)]),
};
for (const [name, texts] of Object.entries(parts)) {
  const sheet = prune(whole, namesIn(texts));
  const path = join(out, name.replace(".", `-${hashOf(sheet)}.`));
  await writeFile(path, sheet);
  await put(name, path);
}

/** The installers' service worker, which carries the names of what it keeps of the pages' shell. */
async function buildWorker() {
  const shell = ["site.css", "jobs.js"].map((name) => ({ url: `/static/${manifest[name]}`, revision: null }));
  const plain = ["icon.svg", "jobs-192.png", "jobs.webmanifest"];
  for (const name of plain) shell.push({ url: `/static/${name}`, revision: hashOf(await readFile(join(shelf, name))) });
  const made = await build({
    absWorkingDir: design,
    entryPoints: ["jobs-worker.js"],
    outdir: out,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    legalComments: "inline",
    target: ["chrome99", "firefox97", "safari15.4"],
    define: {
      "process.env.NODE_ENV": '"production"',
      SHELL: JSON.stringify(shell),
      VERSION: JSON.stringify(hashOf(JSON.stringify(shell))),
    },
    metafile: true,
    logLevel: "warning",
  });
  await put("jobs-worker.js", join(design, Object.keys(made.metafile.outputs)[0]));
}

/** The letters of reports' PDF files, which are set on the server and served to nobody. */
async function copyFonts() {
  const fonts = join(design, "..", "..", "reports", "fonts");
  const family = join(design, "..", "..", "..", "node_modules", "@expo-google-fonts", "noto-serif-sc");
  await mkdir(fonts, { recursive: true });
  for (const weight of ["400Regular", "700Bold"]) {
    const name = `NotoSerifSC_${weight}.ttf`;
    await copyFile(join(family, weight, name), join(fonts, name));
  }
}

function hashOf(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
}

/** Writes the compressed copy of a file, and notes where it is to be found. */
async function put(name, path) {
  const made = await readFile(path);
  const packed = gzipSync(made, { level: constants.Z_BEST_COMPRESSION });
  await writeFile(`${path}.gz`, packed);
  manifest[name] = relative(shelf, path);
  console.log(`${manifest[name]}  ${made.length} bytes, ${packed.length} compressed`);
}

/** The templates of a folder, and the code that fills them. */
async function textsOf(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(html|py)$/.test(name));
  return Promise.all(names.sort().map((name) => readFile(join(folder, name), "utf8")));
}

function ofSite(name) {
  return join(site, "templates", name);
}

/** The templates, and of the shared macros those that they import, and that these call. */
async function withMacros(paths) {
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  const macros = {};
  for (const text of await textsOf(shared)) {
    for (const [all, name] of text.matchAll(/\{% macro (\w+)\([\s\S]*?\{%-? endmacro %\}/g)) macros[name] = all;
  }
  const wanted = texts.flatMap((text) =>
    [...text.matchAll(/\{% from "design\/[\w.]+" import ([\w, ]+)/g)].flatMap(([, names]) => names.match(/\w+/g)),
  );
  const seen = new Set();
  for (const name of wanted) {
    if (!macros[name] || seen.has(name)) continue;
    seen.add(name);
    wanted.push(...Object.keys(macros).filter((other) => macros[name].includes(`${other}(`)));
  }
  return [...texts, ...[...seen].map((name) => macros[name])];
}

// Last and at once, so that nobody reads of a file that is not there yet.
const draft = join(out, "manifest.json.new");
await writeFile(draft, `${JSON.stringify(manifest, null, 1)}\n`);
await rename(draft, join(out, "manifest.json"));
