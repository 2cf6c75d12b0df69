// Leaves of a minified style sheet what given templates can use: one design, and each page carries its part.
//
// A rule stays if every class, element and attribute that its selector asks for is named in the templates, or
// in the code that fills them. What `:not()` asks for need not be there. Variables that nothing uses go too.

// The browser sets these by itself, or every page has them.
const ALWAYS = { tags: ["html", "head", "body"], attributes: ["open", "lang"] };
const TELLING = new Set(["type", "role"]);

/** What templates name: elements, attributes, values of `type` and `role`, and every word that may be a class. */
export function namesIn(texts) {
  const names = { tags: new Set(ALWAYS.tags), attributes: new Set(ALWAYS.attributes), values: new Set(), words: new Set() };
  for (const text of texts) {
    for (const [, tag] of text.matchAll(/<([a-z][a-z0-9]*)/g)) names.tags.add(tag);
    for (const [, name] of text.matchAll(/\s([a-z][a-z-]*)(?=[\s=>"'/%{])/g)) names.attributes.add(name);
    for (const [, value] of text.matchAll(/\b(?:type|role)="([a-z]+)"/g)) names.values.add(value);
    for (const [word] of text.matchAll(/[A-Za-z][\w-]*/g)) names.words.add(word);
  }
  return names;
}

/** The sheet without the rules that cannot match, and without variables that nothing uses; licences stay. */
export function prune(sheet, names) {
  const licences = (sheet.match(/\/\*![^]*?\*\//g) ?? []).join("");
  let kept = rulesOf(sheet).map((rule) => pruned(rule, names)).join("");
  for (let before = ""; before !== kept; ) {
    before = kept;
    const used = new Set([...kept.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
    kept = rulesOf(kept).map((rule) => withVariables(rule, used)).join("");
  }
  return kept.replace(/^(@charset[^;]*;)?/, (charset) => `${charset}${licences}`);
}

function pruned({ prelude, body }, names) {
  if (body === null) return `${prelude};`;
  if (/^@(media|supports|layer|container)/.test(prelude)) {
    return block(prelude, rulesOf(body).map((rule) => pruned(rule, names)).join(""));
  }
  if (prelude.startsWith("@")) return block(prelude, body);
  return block(split(prelude, ",").filter((selector) => canMatch(selector, names)).join(","), body);
}

function withVariables({ prelude, body }, used) {
  if (body === null) return `${prelude};`;
  if (/^@(media|supports|layer|container)/.test(prelude)) {
    return block(prelude, rulesOf(body).map((rule) => withVariables(rule, used)).join(""));
  }
  const needed = split(body, ";").filter((one) => !one.startsWith("--") || used.has(one.slice(0, one.indexOf(":"))));
  return block(prelude, needed.join(";"));
}

function block(prelude, body) {
  return prelude && body ? `${prelude}{${body}}` : "";
}

function canMatch(selector, names) {
  let rest = selector;
  for (let found; (found = /:(not|is|where|has)\(/.exec(rest)); ) {
    const start = found.index + found[0].length;
    const end = closing(rest, start);
    if (found[1] !== "not" && !split(rest.slice(start, end), ",").some((one) => canMatch(one, names))) return false;
    rest = `${rest.slice(0, found.index)}${rest.slice(end + 1)}`;
  }
  for (const [, name, value] of rest.matchAll(/\[([\w-]+)(?:[~|^$*]?="?([^\]"]*)"?)?[^\]]*\]/g)) {
    if (!names.attributes.has(name) || (TELLING.has(name) && value && !names.values.has(value))) return false;
  }
  const bare = rest.replace(/\[[^\]]*\]/g, "").replace(/::?[\w-]+(\([^)]*\))?/g, "");
  for (const [, name] of bare.matchAll(/[.#]([\w-]+)/g)) if (!names.words.has(name)) return false;
  for (const [, tag] of bare.matchAll(/(?:^|[\s>+~])([a-z][a-z0-9]*)/g)) if (!names.tags.has(tag)) return false;
  return true;
}

/** The rules of a sheet or of a block: what stands before the braces, and what within (null: a statement). */
function rulesOf(text) {
  const rules = [];
  for (let at = 0; at < text.length; ) {
    if (text.startsWith("/*", at)) {
      at = text.indexOf("*/", at) + 2;
      continue;
    }
    const end = next(text, at, "{;");
    const prelude = text.slice(at, end).trim();
    if (text[end] !== "{") {
      if (prelude) rules.push({ prelude, body: null });
      at = end + 1;
      continue;
    }
    const close = closing(text, end + 1);
    rules.push({ prelude, body: text.slice(end + 1, close) });
    at = close + 1;
  }
  return rules;
}

function split(text, by) {
  const parts = [];
  for (let at = 0; at <= text.length; ) {
    const end = next(text, at, by);
    if (end > at) parts.push(text.slice(at, end).trim());
    at = end + 1;
  }
  return parts;
}

/** Where the bracket closes that was opened before `at`. */
function closing(text, at) {
  return next(text, at, "})]");
}

/** The next of some characters that stands in no string and in no bracket; the end if there is none. */
function next(text, at, wanted) {
  for (let depth = 0; at < text.length; at++) {
    const one = text[at];
    if (one === "\\") at++;
    else if (one === '"' || one === "'") {
      for (at++; at < text.length && text[at] !== one; at++) if (text[at] === "\\") at++;
    } else if (depth === 0 && wanted.includes(one)) return at;
    else if ("({[".includes(one)) depth++;
    else if (")}]".includes(one)) depth--;
  }
  return text.length;
}
