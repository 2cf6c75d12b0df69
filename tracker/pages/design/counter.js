// The counter's form as it is filled, and the receipt's button. Without this the service does the same in steps.

import { drafts, forget } from "./counter/drafts.js";
import { placeBox } from "./counter/place-box.js";
import { planList } from "./counter/plan-list.js";

const PAUSE = 200;

const form = document.querySelector("form[data-counter]");
if (form) fillIn(form);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
if (document.querySelector("[data-saved]")) {
  forget(() => true);
  document.querySelector("[data-print]").focus();
}

function fillIn(form) {
  const panel = document.getElementById("panel");
  const panelSaid = document.getElementById("panel-said");
  const plans = planList(form, preview);
  const place = placeBox(form, (one) => {
    plans.of(one?.county.text ?? "");
    preview();
  });
  let waiting = 0;
  let asking = null;

  form.querySelectorAll(".matches").forEach((matches) => {
    matches.hidden = true;
    matches.disabled = true;
  });
  form.addEventListener("change", (event) => {
    const { name } = event.target;
    if (name === "kind") kindChosen();
    if (name === "kind" || name === "channel") plans.show();
    if (["kind", "channel", "plan", "resource"].includes(name)) preview();
  });
  form.elements.phone.addEventListener("blur", phoneTyped);
  drafts(form, () => {
    refresh();
    form.elements.name.focus();
  });
  kindChosen();
  place.county().then((county) => plans.of(county));
  const faults = document.getElementById("faults");
  if (faults) faults.focus();
  else if (!document.querySelector("[data-draft]:not([hidden])")) firstToFill().focus();

  function firstToFill() {
    const choice = form.querySelector("[type=radio][name=channel]") ? "channel" : "kind";
    return form.querySelector(`[name=${choice}]:checked`) ?? form.querySelector(`[name=${choice}]`);
  }

  function refresh() {
    kindChosen();
    place.county().then((county) => plans.of(county));
    preview();
  }

  function kindChosen() {
    for (const part of form.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== form.elements.kind.value;
  }

  function phoneTyped() {
    const told = document.getElementById("phone-said");
    const digits = form.elements.phone.value.normalize("NFKC").replace(/[\s()-]/g, "").replace(/^(\+|00)86/, "");
    const mobile = /^1[3-9][0-9]{9}$/.test(digits);
    const landline = /^0[0-9]{9,11}$/.test(digits);
    const foreign = /^(\+|00)[1-9][0-9]{6,14}$/.test(digits);
    told.hidden = !digits || foreign;
    told.dataset.tone = mobile ? "accent" : landline ? "warning" : "danger";
    told.textContent = mobile ? form.dataset.mobile : landline ? form.dataset.landline : form.dataset.unsound;
    if (landline) form.querySelector('[name="notify_by"][value="call"]').checked = true;
  }

  function preview() {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const sent = new FormData();
    const typed = new FormData(form);
    // Nothing of who the customer is.
    for (const name of ["csrf_token", "channel", "kind", "plan", "community_code", "resource"])
      sent.set(name, typed.get(name) ?? "");
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: sent, signal: asking.signal });
      if (!answer.ok || answer.redirected) return;
      const { panel: html, said } = await answer.json();
      const stamp = panel.querySelector('[name="stamp"]')?.value;
      const ticked = panel.querySelector('[name="acknowledged"]')?.checked;
      panel.innerHTML = html;
      const tick = panel.querySelector('[name="acknowledged"]');
      // What the customer has agreed to stays agreed to while it is the same.
      if (tick && ticked && stamp === panel.querySelector('[name="stamp"]')?.value) tick.checked = true;
      panelSaid.textContent = said;
    } catch (error) {
      // The service is asked once more when the form is sent.
      if (error.name !== "AbortError") panelSaid.textContent = "";
    }
  }
}
