// Finding a category of a long list by a few letters, and asking what it asks. Without a script the list is whole.

const plain = (text) => text.toLowerCase().replace(/\s+/g, "");
const MOST_LINES = 6;

function offer(box) {
  const select = box.querySelector("select[name=category]");
  const finder = box.querySelector("[data-finder]");
  const typed = finder.querySelector("input"), said = finder.querySelector("[role=status]");
  const whole = [...select.children];
  const all = [...select.querySelectorAll("option")].filter((one) => one.value);

  function rank(one, wanted) {
    const [name, letters] = [plain(one.textContent), one.dataset.find];
    if (name.startsWith(wanted)) return 0;
    if (name.includes(wanted)) return 1;
    const words = letters.split(" ");
    if (words.some((word) => word.startsWith(wanted))) return 2;
    return wanted.length > 1 && words.some((word) => word.includes(wanted)) ? 3 : 9;
  }

  function find() {
    const wanted = plain(typed.value), chosen = select.value;
    const found = all.map((one) => [rank(one, wanted), one]).filter(([much]) => much < 9).sort((a, b) => a[0] - b[0]).map(([, one]) => one);
    if (wanted) {
      // The groups are kept in `whole`; their options come back to them when nothing is looked for any more.
      select.replaceChildren(whole[0].cloneNode(true), ...found.map((one) => one.cloneNode(true)));
      select.value = found[0]?.value ?? "";
      select.size = Math.min(MOST_LINES, found.length + 1);
    } else {
      select.replaceChildren(...whole);
      select.value = chosen;
      select.removeAttribute("size");
    }
    said.textContent = !wanted ? "" : found.length ? said.dataset.found.replace("%s", found.length) : said.dataset.none;
    ask();
  }

  function ask() {
    for (const one of box.querySelectorAll("fieldset[data-of]")) one.hidden = one.disabled = one.dataset.of !== select.value;
  }

  finder.hidden = false;
  typed.addEventListener("input", find);
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); select.focus(); }
    if (event.key === "ArrowDown") { event.preventDefault(); select.focus(); }
  });
  select.addEventListener("change", ask);
  ask();
}

document.querySelectorAll("[data-kinds]").forEach(offer);
