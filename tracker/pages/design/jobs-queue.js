// What an installer did and the service does not know yet: kept in this browser until it is sent, in the order in
// which it was done, by whoever comes to it first, the page or the service worker. An action is forgotten only
// when the service has told what became of it, and one that it refused only when the installer says so.

import { openDB } from "idb";

const MOST_AT_ONCE = 50;
const LOCK = "jobs-send";
export const CACHES = "jobs-";

let opened;

/** The database; opened anew where the browser has closed it, as phones do with a page that lay aside. */
async function database() {
  try {
    const db = await (opened ??= open());
    // Nothing else tells of a connection that is closed.
    db.transaction("notes");
    return db;
  } catch {
    return (opened = open());
  }
}

function open() {
  return openDB("jobs", 1, {
    upgrade(db) {
      db.createObjectStore("actions", { keyPath: "seq", autoIncrement: true }).createIndex("account", "account");
      db.createObjectStore("notes");
    },
  });
}

/** The pages and the worker tell each other, and themselves, what was put down and what was done. */
const channel = new BroadcastChannel("jobs");
const listeners = [];

export function whenChanged(callback) {
  listeners.push(callback);
  channel.addEventListener("message", (event) => callback(event.data));
}

function tell(news) {
  channel.postMessage(news);
  for (const callback of listeners) callback(news);
}

export async function actionsOf(account) {
  return (await database()).getAllFromIndex("actions", "account", account);
}

/** Whether anything of anybody is not sent, or waits for a word of his. */
export async function holdsAny() {
  return (await (await database()).count("actions")) > 0;
}

export async function note(key, value) {
  const db = await database();
  return value === undefined ? db.get("notes", key) : db.put("notes", value, key);
}

/** Puts an action down, with what is `shown` of it where it is not done; it comes after the last one of the same order. Rejects where it is not stored. */
export async function putDown(account, { number, kind, version, data, photo, shown }) {
  const db = await database();
  const change = db.transaction(["actions", "notes"], "readwrite");
  const mine = await change.objectStore("actions").index("account").getAll(account);
  const before = mine.filter((one) => one.number === number).at(-1);
  const others = mine.some((one) => one.state === "waiting");
  const round = (others && (await change.objectStore("notes").get(`round ${account}`))) || { total: 0, sent: 0 };
  await change.objectStore("actions").add({
    id: crypto.randomUUID(),
    account,
    number,
    kind,
    version,
    data,
    photo,
    shown,
    after: before?.id ?? null,
    done_at: new Date().toISOString(),
    state: "waiting",
  });
  await change.objectStore("notes").put({ total: round.total + 1, sent: round.sent }, `round ${account}`);
  await change.done;
  tell({});
}

/** What the installer does not want any more. */
export async function discard(account, seq) {
  const db = await database();
  const change = db.transaction(["actions", "notes"], "readwrite");
  await change.objectStore("actions").delete(seq);
  const round = await change.objectStore("notes").get(`round ${account}`);
  if (round) await change.objectStore("notes").put({ ...round, total: round.total - 1 }, `round ${account}`);
  await change.done;
  tell({});
}

/**
 * Lets the refused actions of an order, and those kept back for them, be sent again on the order as it is now;
 * without its version, each on what it was done on.
 */
export async function sendAgain(account, number, version) {
  const db = await database();
  const change = db.transaction("actions", "readwrite");
  let after = null;
  for (const one of await change.store.index("account").getAll(account)) {
    if (one.number !== number) continue;
    const anew = { ...one, id: crypto.randomUUID(), after, state: "waiting", told: undefined, changes: undefined };
    anew.version = version ?? one.version;
    after = anew.id;
    await change.store.put(anew);
  }
  await change.done;
}

/** Deletes what was kept of the day; what is not sent stays. */
export async function forgetDay() {
  await Promise.all((await caches.keys()).filter((name) => name.startsWith(CACHES)).map((name) => caches.delete(name)));
  await (await database()).delete("notes", "kept");
}

/**
 * Sends what waits, and returns how the signal stands: "online", "offline", "later" where the service is in
 * trouble, "signIn" where nobody is signed in, or somebody else.
 */
export function send(account) {
  return navigator.locks.request(LOCK, async () => {
    const state = await sendAll(account);
    tell({ state });
    return state;
  });
}

async function sendAll(account) {
  let day = await askDay();
  for (let attempts = 0; ; ) {
    if (day.state !== "online") return day.state;
    if (account !== undefined && day.account !== account) return "signIn";
    const waiting = (await actionsOf(day.account)).filter((one) => one.state === "waiting");
    if (!waiting.length) return "online";
    const answer = await (waiting[0].kind === "photo" ? post([waiting[0]], day.token) : post(batchOf(waiting), day.token));
    if (answer.state === "stale" && attempts++ < 1) day = await askDay();
    else if (answer.state !== "online") return answer.state === "stale" ? "later" : answer.state;
    else await noteResults(day.account, answer.sent, answer.results);
  }
}

function batchOf(waiting) {
  const photo = waiting.findIndex((one) => one.kind === "photo");
  return waiting.slice(0, Math.min(photo < 0 ? waiting.length : photo, MOST_AT_ONCE));
}

/** The day from the service itself, never from what was kept of it. */
export async function askDay() {
  const answer = await ask("/jobs/day.json", { headers: { "X-Fresh": "1" }, cache: "no-store" });
  if (answer.state !== "online") return answer;
  return { state: "online", ...(await answer.response.json()) };
}

async function post(actions, token) {
  const told = actions.map(({ id, number, kind, version, after, done_at, data }) => ({
    id, number, kind, version, after, done_at, data,
  }));
  const now = new Date().toISOString();
  let answer;
  if (actions[0].kind === "photo") {
    const form = new FormData();
    form.set("action", JSON.stringify(told[0]));
    form.set("now", now);
    form.set("photo", new Blob([actions[0].photo.bytes], { type: actions[0].photo.type }), "photo");
    answer = await ask("/jobs/photos", { method: "POST", headers: { "X-CSRFToken": token }, body: form });
  } else {
    const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
    answer = await ask("/jobs/actions", { method: "POST", headers, body: JSON.stringify({ now, actions: told }) });
  }
  if (answer.state === "unwanted") {
    const refused = actions.map(({ id }) => ({ id, outcome: "refused", rule: "", told: [] }));
    return { state: "online", sent: actions, results: refused };
  }
  if (answer.state !== "online") return answer;
  try {
    return { state: "online", sent: actions, results: (await answer.response.json()).results };
  } catch {
    // Cut off on its way: it may have been done, and is asked about again.
    return { state: "offline" };
  }
}

async function ask(address, how) {
  let response;
  try {
    response = await fetch(address, { ...how, redirect: "manual", credentials: "same-origin" });
  } catch {
    return { state: "offline" };
  }
  if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) {
    // Signed out elsewhere, as of a phone that is lost: it tells nobody where customers live.
    await forgetDay();
    return { state: "signIn" };
  }
  if (response.status === 400) return { state: "stale" };
  if (response.status === 429 || response.status >= 500) return { state: "later" };
  if (!response.ok) return { state: "unwanted" };
  return { state: "online", response };
}

async function noteResults(account, sent, results) {
  const db = await database();
  const change = db.transaction(["actions", "notes"], "readwrite");
  const round = (await change.objectStore("notes").get(`round ${account}`)) ?? { total: sent.length, sent: 0 };
  for (const [index, one] of sent.entries()) {
    const { outcome, told, changes, rule } = results[index];
    if (outcome === "ok") {
      round.sent++;
      await change.objectStore("actions").delete(one.seq);
    } else {
      await change.objectStore("actions").put({ ...one, state: outcome, told, changes, rule });
    }
  }
  await change.objectStore("notes").put(round, `round ${account}`);
  await change.done;
  const done = results.map(({ outcome, version }, index) => ({ ...sent[index], outcome, version }));
  tell({ done: done.filter((one) => one.outcome === "ok").map(({ number, kind, version }) => ({ number, kind, version })) });
}
