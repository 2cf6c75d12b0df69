// Ticks of the list of open work: all of a page at once, a range by Shift, and how many there are.

const form = document.querySelector("form.assigning");
if (form) {
  const boxes = [...form.querySelectorAll("input[name=order]")];
  const all = form.querySelector("[data-all]");
  const bar = form.querySelector(".assign-bar");
  let last = null;

  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    if (bar) {
      bar.querySelector("[data-chosen]").textContent = String(ticked);
      bar.querySelector("[data-count]").hidden = ticked === 0;
      bar.querySelector("[data-none]").hidden = ticked > 0;
    }
    if (all) {
      const box = all.querySelector("input");
      box.checked = ticked === boxes.length;
      box.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  };

  boxes.forEach((box, place) => {
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last !== null) {
        const [first, end] = [Math.min(last, place), Math.max(last, place)];
        for (const one of boxes.slice(first, end + 1)) one.checked = box.checked;
      }
      last = place;
      count();
    });
  });

  if (all && boxes.length > 0) {
    all.hidden = false;
    form.querySelector("[data-plain]")?.remove();
    form.querySelector("[data-without-script]")?.remove();
    all.querySelector("input").addEventListener("change", (event) => {
      for (const box of boxes) box.checked = event.target.checked;
      count();
    });
  }
  count();
}
