// A button that prints the page, for those who do not know the browser's menu; without scripts it stays hidden.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
