// Small comforts for forms; every page works without them.

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
