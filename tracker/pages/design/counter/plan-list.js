// The plans of the form: those for this customer, here, through this channel, that fit what is looked for.

/** Shows the plans that can be taken. `changed` is called where the chosen one is not among them any more. */
export function planList(form, changed) {
  const search = document.getElementById("plan-search");
  const plans = [...form.querySelectorAll(".plan-choice")];
  const groups = [...form.querySelectorAll(".plan-choices [role=group]")];
  const none = form.querySelector("[data-plan-none]");
  let county = "";
  form.querySelector("[data-plan-search]").hidden = false;

  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const first = plans.find((plan) => !plan.hidden)?.querySelector("input");
    if (!first) return;
    first.focus();
    first.click();
  });

  function show() {
    const wanted = search.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const audience = form.elements.kind.value;
    const channel = form.elements.channel.value;
    const mayTake = (plan) =>
      plan.dataset.audience === audience &&
      (!channel || plan.dataset.channels.split(" ").includes(channel)) &&
      (!county || !plan.dataset.region || plan.dataset.region === county);
    // A county's own plan goes before the city's of the same number.
    const ofCounty = new Set(
      plans.filter((plan) => county && plan.dataset.region === county).map((plan) => plan.dataset.filing),
    );
    let left = 0;
    for (const plan of plans) {
      const can = mayTake(plan) && !(county && !plan.dataset.region && ofCounty.has(plan.dataset.filing));
      const fits = can && wanted.every((word) => plan.dataset.letters.includes(word));
      const input = plan.querySelector("input");
      if (!can && input.checked) {
        input.checked = false;
        changed();
      }
      plan.hidden = !(fits || (can && input.checked));
      left += plan.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = ![...group.querySelectorAll(".plan-choice")].some((plan) => !plan.hidden);
    none.textContent = left ? "" : form.dataset.noPlan;
  }

  return {
    /** Those that are sold in this county; everywhere while none is known. */
    of(name) {
      county = name;
      show();
    },
    show,
  };
}
