// Small comforts for forms; every page works without them.

const HEAR_MS = 700;

/** A word that nobody else takes for their work. */
export const workName = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Say how far work has come, as its server tells it under `address`, until the returned function is called. */
export function hearProgress(address, place, first = "") {
  const bar = document.createElement("progress");
  bar.max = 1;
  const said = document.createElement("span");
  said.textContent = first;
  place.replaceChildren(said, bar);
  bar.hidden = true;
  const timer = setInterval(async () => {
    const told = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" }).then((answer) => answer.json(), () => ({}));
    if (!told.doing) return;
    said.textContent = told.doing;
    bar.hidden = false;
    bar.value = told.share;
  }, HEAR_MS);
  return () => clearInterval(timer);
}

/** A form that takes a while says so, and is not sent twice by an impatient thumb. */
function showBusy(form) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) {
      // Disabling at once would drop the pressed button's own value from what is sent.
      setTimeout(() => { button.disabled = true; }, 0);
    }
    const busy = document.createElement("p");
    busy.className = "busy";
    busy.setAttribute("role", "status");
    busy.textContent = form.dataset.busy;
    form.append(busy);
    if (form.dataset.progress) {
      const name = workName();
      const field = form.querySelector("input[name=progress]") || form.appendChild(document.createElement("input"));
      Object.assign(field, { type: "hidden", name: "progress", value: name });
      hearProgress(form.dataset.progress + name, busy, form.dataset.busy);
    }
  });
}

/** Filters apply themselves when one is chosen. */
function sendOnChange(form) {
  form.addEventListener("change", () => form.requestSubmit());
}

/** The menu is open beside the brand where there is room, folded on a phone; a click elsewhere folds the small ones. */
function keepMenu(menu) {
  const wide = matchMedia("(min-width: 60rem)");
  const follow = () => { menu.open = wide.matches; };
  wide.addEventListener("change", follow);
  follow();
}

/** Filters are open where there is room or where one is set, folded on a phone. */
function foldFilters(box) {
  if (matchMedia("(min-width: 48rem)").matches || location.search.length > 1) box.open = true;
}

/** A page that comes back from the browser's memory must not stay busy. */
function wake() {
  for (const busy of document.querySelectorAll(".busy")) busy.remove();
  for (const button of document.querySelectorAll("form[data-busy] button")) button.disabled = false;
}

document.querySelectorAll("form[data-busy]").forEach(showBusy);
document.querySelectorAll("form[data-auto]").forEach(sendOnChange);
document.querySelectorAll("details[data-menu]").forEach(keepMenu);
document.querySelectorAll("details.folded").forEach(foldFilters);
addEventListener("pageshow", wake);
addEventListener("click", (event) => {
  const narrow = !matchMedia("(min-width: 60rem)").matches;
  for (const open of document.querySelectorAll(`details.who[open]${narrow ? ", details.menu[open]" : ""}`)) {
    if (!open.contains(event.target)) open.open = false;
  }
});
