// The installers' pages with a script: each step is put down first and sent then, so that it works without
// signal; the page shows how things will stand once all is sent. Without this script the forms are plain forms.

import { actionsOf, askDay, discard, forgetDay, holdsAny, note, putDown, send, sendAgain, whenChanged } from "./jobs-queue.js";
import { element, linesOf, showStuck } from "./jobs-stuck.js";
import { smaller } from "./photo.js";

const body = document.body;
const account = Number(body.dataset.jobs);
const number = body.dataset.number;
const hotline = body.dataset.hotline;
const words = JSON.parse(document.getElementById("job-words").textContent);
const say = (key, value) => words[key].replaceAll("{n}", value);
const LEADS_TO = { arrive: "on_site", cannot: "dispatched", activate: "activated", complete: "completed" };
const AGAIN_MS = 20_000;
const ENOUGH = 0.9;
const [WEAKEST, STRONGEST] = [-27, -8];

let signal = navigator.onLine ? "online" : "offline";

// ---- how things stand -------------------------------------------------------------------------------------

async function show() {
  const actions = await actionsOf(account);
  const waiting = actions.filter((one) => one.state === "waiting");
  const stuck = actions.filter((one) => one.state !== "waiting");
  const round = await note(`round ${account}`);
  showSignal(waiting.length, stuck.length, round);
  showStuck(stuck, { words, number, hotline, timeOf, retry, discard: (seq) => discard(account, seq).then(show) });
  if (number) showJob(actions.filter((one) => one.number === number));
  else showCards(waiting);
}

function showSignal(waiting, stuck, round) {
  const bar = document.getElementById("signal");
  if (!bar) return;
  const told = [];
  if (signal === "offline") told.push(words.offline);
  else if (signal === "signIn") told.push(words.signIn);
  else if (signal === "later") told.push(words.later);
  if (stuck) told.push(say("refused", stuck));
  if (waiting) told.push(signal === "sending" ? say("sending", waiting) : say("waiting", waiting));
  else if (!stuck && round?.total && round.sent >= round.total) told.push(say("sent", round.total));
  else if (!told.length) told.push(words.online);
  bar.dataset.state = stuck ? "refused" : ["offline", "signIn", "later"].includes(signal) ? "offline" : "online";
  bar.hidden = false;
  const line = bar.querySelector("p");
  const text = told.join(" · ");
  if (line.textContent !== text) line.textContent = text;
  bar.querySelector("a").hidden = signal !== "signIn";
}

function word(kind) {
  return words[`act_${kind}`];
}

function timeOf(at) {
  return new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}

async function retry(ofNumber) {
  const day = await askDay();
  if (day.state !== "online") return settle(day.state);
  // Where it is none of his any more, the service says so again, and what happened since each step.
  await sendAgain(account, ofNumber, day.jobs[ofNumber]?.version);
  return sendAndShow();
}

/** The job as it will be once what waits is sent. */
function showJob(actions) {
  const waiting = actions.filter((one) => one.state === "waiting");
  const { stage, tested } = waiting.reduce(after, { stage: body.dataset.stage, tested: "tested" in body.dataset });
  for (const part of document.querySelectorAll("[data-stages]")) {
    const fits = part.dataset.stages.split(" ").includes(stage);
    part.hidden = !fits || ("testedOnly" in part.dataset && !tested) || ("untestedOnly" in part.dataset && tested);
  }
  document.getElementById("stage").textContent = words[`stage_${stage}`];
  const list = document.getElementById("pending");
  list.replaceChildren(
    ...waiting.map((one) => element("li", { textContent: `${word(one.kind)} ${timeOf(one.done_at)}` })),
    ...(waiting.length ? [element("p", { className: "small", textContent: words.kept })] : []),
  );
  list.hidden = !waiting.length;
}

function after({ stage, tested }, { kind }) {
  return { stage: LEADS_TO[kind] ?? stage, tested: kind === "test" || (tested && kind !== "arrive") };
}

/** What was done is how the order stands from now on, also where the page is not loaded anew. */
function take(done) {
  for (const one of done.filter((some) => some.number === number)) {
    const { stage, tested } = after({ stage: body.dataset.stage, tested: "tested" in body.dataset }, one);
    body.dataset.version = one.version;
    body.dataset.stage = stage;
    body.toggleAttribute("data-tested", tested);
  }
}

function showCards(waiting) {
  for (const card of document.querySelectorAll(".job[data-number]")) {
    const some = waiting.filter((one) => one.number === card.dataset.number).length;
    const line = card.querySelector(".pending");
    line.textContent = some ? say("waiting", some) : "";
    line.hidden = !some;
  }
}

// ---- doing a step -----------------------------------------------------------------------------------------

async function submitted(event) {
  const form = event.target;
  const kind = form.dataset.act;
  if (!kind) return;
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  const of = form.dataset.number ?? number;
  const button = event.submitter;
  if (button?.disabled) return;
  if (kind === "reappoint" && signal === "offline") return fault(form, say("needsSignal", hotline));
  const data = kind === "test" ? readings(form, given) : dataOf(kind, given);
  if (!data) return;
  form.querySelector(":scope > .fault.told")?.remove();
  if (button) button.disabled = true;
  try {
    if (kind === "arrive" && given.with_position) data.position = await position(form);
    const photo = kind === "photo" ? await smaller(form.elements.photo.files[0]) : undefined;
    if (photo === null) return fault(form, words.heic);
    const version = Number(of === number ? body.dataset.version : given.version);
    await putDown(account, { number: of, kind, version, data, photo, shown: linesOf(form) });
  } catch {
    return fault(form, say("notStored", hotline));
  } finally {
    if (button) button.disabled = false;
  }
  form.reset();
  form.closest("details")?.removeAttribute("open");
  void askToStay().catch(() => {});
  await registerSync();
  await show();
  await sendAndShow();
  if (kind === "arrive" || kind === "test") document.getElementById("main").focus();
}

/** Asks once, with the first step, that the browser throws nothing of this away when its space runs short. */
async function askToStay() {
  if (await note("asked to stay")) return;
  await note("asked to stay", true);
  await navigator.storage?.persist?.();
}

function dataOf(kind, given) {
  const reason = { reason_code: given.reason_code, ...(given.reason_text?.trim() && { reason_text: given.reason_text.trim() }) };
  if (kind === "reappoint") return { slot: Number(given.slot), ...reason };
  if (kind === "cannot") return reason;
  if (kind === "photo") return { kind: given.kind };
  if (kind === "complete") return { last4: given.last4 };
  return {};
}

/** What the meter shows, checked as the service will, since it may not be there to say so. */
function readings(form, given) {
  const data = {};
  let first;
  for (const field of form.querySelectorAll("[data-least]")) {
    const typed = field.value.trim().replace(/[−–－]/, "-").replace(/[,，．]/, ".");
    const [least, most] = [Number(field.dataset.least), Number(field.dataset.most)];
    const value = /^[+-]?\d+(\.\d+)?$/.test(typed) ? Number(typed) : NaN;
    const wrong = Number.isNaN(value) ? words.noReading : value < least || value > most ? say("outOfRange", `${least} … ${most}`) : "";
    const line = document.getElementById(`${field.id}-fault`);
    line.textContent = wrong;
    line.hidden = !wrong;
    field.toggleAttribute("aria-invalid", Boolean(wrong));
    if (wrong) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", line.id);
      first ??= field;
    }
    data[field.name] = value;
  }
  if (first) {
    first.focus();
    return null;
  }
  const amiss = data.down_mbps < Number(form.dataset.sold) * ENOUGH || data.optical_dbm < WEAKEST || data.optical_dbm > STRONGEST;
  const why = document.getElementById("test-reason");
  const reason = given.reason.trim();
  why.hidden = !amiss;
  if (!amiss) return data;
  document.getElementById("reason-fault").textContent = reason ? "" : words.needsReason;
  if (reason) return { ...data, reason };
  form.elements.reason.focus();
  return null;
}

function position(form) {
  return new Promise((resolve) => {
    const rounded = (degrees) => Math.round(degrees * 1000) / 1000;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: rounded(coords.latitude), longitude: rounded(coords.longitude) }),
      () => {
        fault(form, words.noPosition);
        resolve(null);
      },
      { timeout: 8000, maximumAge: 60_000 },
    );
  });
}

function fault(form, text) {
  const line = form.querySelector(":scope > .fault.told") ?? element("p", { className: "fault told", role: "alert" });
  line.textContent = text;
  form.append(line);
}

// ---- sending ----------------------------------------------------------------------------------------------

async function registerSync() {
  const registration = await navigator.serviceWorker.getRegistration("/jobs");
  await registration?.sync?.register("jobs").catch(() => {});
}

async function sendAndShow() {
  const waiting = async () => (await actionsOf(account)).filter((one) => one.state === "waiting");
  const before = (await waiting()).length;
  if (before) {
    if (signal === "online") signal = "sending";
    await show();
  }
  await send(account);
  const left = await waiting();
  // What the service says now is more than this page can know.
  if (left.length < before && !left.some((one) => one.number === number) && !isTyping()) location.reload();
}

async function settle(state) {
  signal = state;
  await show();
}

function isTyping() {
  return [...document.querySelectorAll("main form[data-act] input[type=text], main form[data-act] input[type=file]")].some((field) => field.value !== field.defaultValue);
}

// ---- calling, leaving -------------------------------------------------------------------------------------

async function called(event) {
  const form = event.target;
  if (!("call" in form.dataset)) return;
  event.preventDefault();
  const line = document.getElementById("call-fault");
  line.hidden = true;
  const token = form.elements.csrf_token.value;
  try {
    const day = await askDay();
    const headers = { Accept: "application/json", "X-CSRFToken": day.token ?? token };
    const answer = await fetch(form.action, { method: "POST", headers, redirect: "manual" });
    const told = await answer.json();
    if (told.tel) {
      location.href = told.tel;
      return;
    }
    line.textContent = told.told;
  } catch {
    line.textContent = say("noCall", hotline);
  }
  line.hidden = false;
}

async function leaving(form) {
  const unsent = (await actionsOf(account)).length;
  if (unsent) {
    document.getElementById("leaving-words").textContent = say("leaving", unsent);
    document.getElementById("leaving").hidden = false;
  }
  // Everything that this browser keeps for us would go, with it what somebody has not sent.
  if (await holdsAny()) form.elements.forget?.remove();
}

// ---- beginning --------------------------------------------------------------------------------------------

/** Keeps the pages of the day, so that they open without signal. */
async function keepDay() {
  const day = await askDay();
  if (day.state !== "online" || day.account !== account) return settle(day.state === "online" ? "signIn" : day.state);
  const { active } = await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    const claimed = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    active.postMessage("claim");
    await claimed;
  }
  const kept = (await note("kept")) ?? {};
  for (const page of day.pages) {
    const stamp = `${document.documentElement.lang} ${JSON.stringify(day.jobs[page.split("/")[2]] ?? day.jobs)}`;
    if (kept[page] === stamp && (await caches.match(location.origin + page))) continue;
    const answer = await fetch(page).catch(() => null);
    // Signed out meanwhile: what came after the day was forgotten goes, too.
    if (signal === "signIn") return forgetDay();
    if (answer?.ok) kept[page] = stamp;
  }
  await note("kept", kept);
}

async function begin() {
  const owner = await note("owner");
  const today = new Date().toDateString();
  if (owner && (owner.account !== account || owner.day !== today)) await forgetDay();
  await note("owner", { account, day: today });
  const leave = document.getElementById("leave");
  if (leave) {
    await leaving(leave);
    leave.addEventListener("submit", async (event) => {
      event.preventDefault();
      await forgetDay();
      leave.submit();
    });
    return;
  }
  for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
  document.addEventListener("submit", (event) => void submitted(event));
  document.addEventListener("submit", (event) => void called(event));
  whenChanged(({ done = [], state = signal }) => {
    take(done);
    void settle(state);
  });
  addEventListener("online", () => void sendAndShow());
  addEventListener("offline", () => void settle("offline"));
  document.addEventListener("visibilitychange", () => document.hidden || void sendAndShow());
  setInterval(async () => {
    if (signal !== "online" || (await actionsOf(account)).some((one) => one.state === "waiting")) await sendAndShow();
  }, AGAIN_MS);
  await navigator.serviceWorker.register("/jobs/worker.js", { scope: "/jobs" });
  await show();
  await sendAndShow();
  await keepDay();
}

// Without these, or over plain http, the forms are sent as forms. A page that is nobody's acts for nobody.
if (account && "serviceWorker" in navigator && "locks" in navigator && isSecureContext) void begin();
