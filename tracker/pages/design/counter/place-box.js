// The community picker: a combobox with a list, by the pattern of WAI-ARIA.

import { find, index } from "./place-search.js";

const MOST = 40;

/** Makes the field a combobox. `chosen` is called with the place, or null once it is typed over. */
export function placeBox(form, chosen) {
  const box = form.elements.place;
  const code = form.elements.community_code;
  const list = document.getElementById("place-list");
  const said = document.getElementById("place-said");
  const words = form.dataset;
  let places = [];
  let shown = [];
  let active = -1;

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  box.setAttribute("aria-autocomplete", "list");
  const listed = fetch(words.places, { credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((all) => {
      places = index(all);
      box.dataset.ready = "";
    })
    // Without the list the service searches, once the form is sent.
    .catch(() => {});

  box.addEventListener("input", async () => {
    if (code.value) {
      code.value = "";
      chosen(null);
    }
    await listed;
    search();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else move(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      take(shown[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab" && !list.hidden && shown.length === 1) {
      take(shown[0]);
    }
  });
  box.addEventListener("blur", close);
  // Before the field loses the focus, which would close the list under the pointer.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(shown[Number(option.dataset.at)]);
  });

  function search() {
    const found = find(places, box.value);
    shown = found.slice(0, MOST);
    list.replaceChildren(...shown.map(option));
    if (found.length > MOST) list.append(more(found.length - MOST));
    const open = shown.length > 0;
    list.hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    move(open ? 0 : -1);
    if (!box.value.trim()) said.textContent = "";
    else said.textContent = open ? words.count.replace("{count}", found.length) : words.none;
    box.toggleAttribute("data-none", !open && box.value.trim() !== "");
  }

  function option(place, at) {
    const made = document.createElement("li");
    made.id = `place-${place.code}`;
    made.dataset.at = at;
    made.setAttribute("role", "option");
    made.lang = "zh-CN";
    const name = document.createElement("strong");
    name.textContent = place.text;
    const where = document.createElement("span");
    where.textContent = `${place.county.text} ${place.town.text}`;
    made.append(name, " ", where);
    return made;
  }

  function more(count) {
    const made = document.createElement("li");
    made.setAttribute("role", "presentation");
    made.className = "more";
    made.textContent = words.more.replace("{count}", count);
    return made;
  }

  function move(to) {
    active = shown.length ? (to + shown.length) % shown.length : -1;
    list.querySelectorAll("[role=option]").forEach((one, at) => {
      one.setAttribute("aria-selected", String(at === active));
      if (at !== active) return;
      box.setAttribute("aria-activedescendant", one.id);
      one.scrollIntoView({ block: "nearest" });
    });
    if (active < 0) box.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function take(place) {
    box.value = place.label;
    code.value = place.code;
    close();
    said.textContent = place.label;
    chosen(place);
  }

  return {
    /** The county of the place that is chosen; empty before. */
    async county() {
      await listed;
      return places.find((place) => place.code === code.value)?.county.text ?? "";
    },
  };
}
