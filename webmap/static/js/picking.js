// Rows of a list are picked by mouse, finger or keyboard; the form works without this.

const form = document.querySelector("form[data-picking]");
const boxes = [...form.querySelectorAll('input[name="pick"]')];
const all = form.querySelector("[data-pick-all]");
const said = form.querySelector("[data-picked]");
const hint = form.querySelector(".keys");
let last = -1;

function count() {
  const picked = boxes.filter((box) => box.checked).length;
  said.hidden = !picked;
  said.textContent = picked ? `(${picked})` : "";
  all.checked = picked === boxes.length;
  all.indeterminate = picked > 0 && picked < boxes.length;
}

function pickAll(on) {
  for (const box of boxes) box.checked = on;
  count();
}

/** From a row to the next one that can be picked, or the one before; with `picking` both are picked. */
function go(by, picking) {
  const here = boxes.indexOf(document.activeElement);
  const next = boxes[here < 0 ? Math.max(0, last) : Math.min(boxes.length - 1, Math.max(0, here + by))];
  if (picking) {
    if (here >= 0) boxes[here].checked = true;
    next.checked = true;
    count();
  }
  next.focus();
  next.closest("tr").scrollIntoView({ block: "nearest" });
  last = boxes.indexOf(next);
}

/** With Shift, all rows from the one clicked before are picked like this one. */
function onClick(event) {
  const here = boxes.indexOf(event.target);
  if (event.shiftKey && last >= 0) {
    for (const box of boxes.slice(Math.min(here, last), Math.max(here, last) + 1)) box.checked = event.target.checked;
  }
  last = here;
  count();
}

const KEYS = {
  j: () => go(1, false),
  k: () => go(-1, false),
  ArrowDown: (event) => go(1, event.shiftKey),
  ArrowUp: (event) => go(-1, event.shiftKey),
  a: () => pickAll(!boxes.every((box) => box.checked)),
  t: () => form.elements.organisation.focus(),
  o: () => document.activeElement.closest("tr")?.querySelector("td.first a")?.click(),
};

/** Keys mean something while no field is typed in, and none that belongs to the browser. */
function onKey(event) {
  const key = KEYS[event.key];
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  if (!key || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow") && !boxes.includes(document.activeElement)) return;
  event.preventDefault();
  key(event);
}

for (const box of boxes) box.addEventListener("click", onClick);
all.addEventListener("change", () => pickAll(all.checked));
document.addEventListener("keydown", onKey);
hint.hidden = !matchMedia("(hover: hover)").matches;
count();

// The list that was sent a form is the list: loading it again must not send the form again.
if (location.pathname !== new URL(form.dataset.picking, location.href).pathname) history.replaceState(null, "", form.dataset.picking);
