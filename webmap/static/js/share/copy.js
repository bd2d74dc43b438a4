// Puts a link into the clipboard; where the browser keeps that for secure sites, the link is marked to be copied by hand.

async function copy(field, button) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    const said = button.textContent;
    button.textContent = button.dataset.copy;
    setTimeout(() => (button.textContent = said), 1500);
  } catch {
    field.focus();
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = button.parentElement.querySelector("[data-copied]");
  button.addEventListener("click", () => copy(field, button));
  field.addEventListener("focus", () => field.select());
}
