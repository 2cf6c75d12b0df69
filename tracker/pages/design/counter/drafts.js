// What is typed is kept in this window until it is saved, in case the session ends meanwhile. It is somebody's
// personal data: never in storage that outlives the window, and never shown to another person.

const PREFIX = "counter-draft:";
// The form's own token stays with it: where its order was stored and only the answer was lost, the service
// answers the draft with that order.
const LEFT_OUT = new Set(["csrf_token", "stamp", "acknowledged", "searched"]);

/** Keeps the form as it is typed, and offers what was left of an earlier one. `taken`: it was put back. */
export function drafts(form, taken) {
  const key = PREFIX + form.dataset.person;
  forget((other) => other !== key);
  const kept = read(key);
  const offer = document.querySelector("[data-draft]");
  if (kept && !("asked" in form.dataset)) {
    offer.hidden = false;
    offer.querySelector("[data-draft-take]").addEventListener("click", () => {
      fill(form, kept);
      offer.hidden = true;
      taken();
    });
    offer.querySelector("[data-draft-drop]").addEventListener("click", () => {
      sessionStorage.removeItem(key);
      offer.hidden = true;
      form.elements.name.focus();
    });
  }
  form.addEventListener("input", () => keep(key, form));
  form.addEventListener("change", () => keep(key, form));
  document.querySelector('form[action$="/sign-out"]')?.addEventListener("submit", () => forget(() => true));
}

/** Forgets what was kept under the keys that `which` says. */
export function forget(which) {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX) && which(key)) sessionStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

function keep(key, form) {
  const typed = [...new FormData(form)].filter(([name, value]) => !LEFT_OUT.has(name) && typeof value === "string");
  try {
    if (["name", "phone", "detail", "place"].some((name) => form.elements[name].value.trim()))
      sessionStorage.setItem(key, JSON.stringify(typed));
  } catch {
    // Nothing is kept then, and the form works as ever.
  }
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function fill(form, typed) {
  form.elements.needs_assistance.checked = false;
  for (const [name, value] of typed) {
    for (const control of form.querySelectorAll(`[name="${name}"]`)) {
      if (control.type === "radio" || control.type === "checkbox") control.checked = control.value === value;
      else control.value = value;
    }
  }
}
