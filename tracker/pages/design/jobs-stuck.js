// The steps that the service did not take: what each says, why it was not taken, and what to do with it.

export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** What a form says, a line each, by the names of its fields: so that nobody gives up what he cannot see. */
export function linesOf(form) {
  const textOf = (part) => part?.textContent.trim().replace(/\s+/g, " ");
  return [...form.elements]
    .filter((field) => field.matches("input[type=text], input[type=radio]:checked") && !field.closest("[hidden]"))
    .filter((field) => field.value.trim())
    .map((field) => {
      const group = field.closest("[role=group]")?.getAttribute("aria-labelledby");
      const heading = field.type === "radio" && group ? textOf(document.getElementById(group)) : "";
      const own = textOf(field.labels[0]);
      return [heading, own, field.type === "text" && field.value.trim()].filter(Boolean).join(" ");
    });
}

let shownNow = "";

/**
 * Shows the steps that are stuck by their orders. `page` is what the page is: its words, its order's number if
 * it has one, the hotline, and what to do to send an order's steps again or to give one up.
 */
export function showStuck(stuck, page) {
  const place = document.getElementById("unsent");
  if (!place) return;
  // Drawn anew it would lose the focus, and what somebody has opened.
  const now = JSON.stringify(stuck.map(({ photo, ...one }) => one));
  if (now === shownNow) return;
  shownNow = now;
  const groups = new Map();
  for (const one of stuck) groups.set(one.number, [...(groups.get(one.number) ?? []), one]);
  place.replaceChildren(...[...groups].map(([ofNumber, some]) => card(ofNumber, some, page)));
}

function card(ofNumber, some, page) {
  const { words, hotline } = page;
  const again = element("button", {
    type: "button", className: "secondary", textContent: words.retry, onclick: () => page.retry(ofNumber),
  });
  const open = element("a", { className: "plain", href: `/jobs/${ofNumber}`, textContent: words.open });
  const call = element("a", { className: "plain", href: `tel:${hotline}`, textContent: hotline });
  return element(
    "section", { className: "card unsent" },
    element("h2", { textContent: `${words.title} · ${ofNumber}` }),
    element("p", { textContent: words.heldBack }),
    element("ul", { className: "steps" }, ...some.map((one) => step(one, page))),
    element("p", { className: "row" }, again, ...(ofNumber === page.number ? [] : [open]), call),
  );
}

function step(one, { words, timeOf, discard }) {
  const line = (className, textContent) => element("p", { className, textContent });
  return element(
    "li", {},
    element("p", {}, element("strong", { textContent: words[`act_${one.kind}`] }), ` ${timeOf(one.done_at)}`),
    ...(one.shown?.length ? [line("number", one.shown.join(" · "))] : []),
    ...(one.told?.length ? one.told : [words.tooLarge]).map((told) => line("told", told)),
    ...(one.changes ?? []).map((change) => line("small", change)),
    element(
      "details", {},
      element("summary", { textContent: words.discard }),
      line("small", words.discardMeans),
      element("button", {
        type: "button", className: "secondary wide danger", textContent: words.discardSure,
        onclick: () => discard(one.seq),
      }),
    ),
  );
}
