/* The card of a grid that was pressed: its numbers, whether it stands out, and who was there. */
(function (G) {
  "use strict";

  /* Returned: show(told, code) - what the server said about grids, and which of them -, hide(), at() - the code that is shown or null. */
  G.heatCard = function (box, words, address, hidden) {
    let at = null;

    function hide() {
      at = null;
      box.hidden = true;
      hidden();
    }

    function show(told, code) {
      const i = told.code.indexOf(code);
      at = code;
      const close = G.make("button", { type: "button", class: "close", "aria-label": words.close, text: "×" });
      close.addEventListener("click", hide);
      const known = told.columns.filter((one) => one.text[i]);
      const rows = known.filter((one) => one.number).flatMap((one) => [G.make("dt", { text: one.title }), G.make("dd", { text: one.text[i] })]);
      const said = known.filter((one) => !one.number).map((one) => G.make("p", { text: `${one.title} ${one.text[i]}` }));
      const seen = told.seen[i] ? [G.make("p", { text: told.seen[i] })] : [];
      const link = G.make("a", { href: address + encodeURIComponent(code), text: words.open_card });
      box.replaceChildren(close, G.make("p", { class: "quiet", text: code }), G.make("h2", { text: told.title[i] }), ...seen, G.make("dl", {}, rows), ...said, link);
      box.hidden = false;
    }
    return { show: show, hide: hide, at: () => at };
  };
})((window.gridpatrol = window.gridpatrol || {}));
