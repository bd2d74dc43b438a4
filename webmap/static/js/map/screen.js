/* The big screen: nobody touches it. It shows one thing after the other, says which, and fetches anew by itself. */
(function (G) {
  "use strict";

  const TURN_MS = 20000;
  const RENEW_MS = 60000;
  const RELOAD_MS = 30 * 60000;

  /* What there is to show: each figure of the areas for itself, then each layer that says something alone. */
  function scenes(figures, boxes, on) {
    const quiet = ["words", "base"];
    const told = boxes.filter((box) => on.includes(box.dataset.layer) && !quiet.includes(box.dataset.layer));
    return figures.map((figure) => ({ figure: figure, box: null })).concat(told.map((box) => ({ figure: figures[0], box: box })));
  }

  G.addScreen = function (page, figures, boxes, renew) {
    const on = boxes.filter((box) => box.checked).map((box) => box.dataset.layer);
    const list = scenes(figures, boxes, on);
    const quiet = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    let turn = 0;
    const said = page.querySelector(".gp-scene");
    const legend = page.querySelector(".gp-figures");
    const clock = page.querySelector(".gp-clock");

    function flip(box, yes) {
      if (box.checked === yes) return;
      box.checked = yes;
      box.dispatchEvent(new Event("change"));
    }

    function show() {
      const scene = list[turn % list.length];
      boxes.forEach((box) => {
        if (!["words", "base"].includes(box.dataset.layer)) flip(box, box === scene.box);
      });
      if (!scene.figure.checked) {
        scene.figure.checked = true;
        scene.figure.dispatchEvent(new Event("change"));
      }
      said.textContent = scene.box ? scene.box.parentNode.querySelector("span").textContent : scene.figure.nextElementSibling.textContent;
      legend.dataset.title = scene.figure.nextElementSibling.textContent;
      page.dataset.turn = String(turn);
      turn += 1;
    }

    const tick = () => {
      if (clock) clock.textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    };
    tick();
    show();
    setInterval(tick, 1000);
    setInterval(show, quiet ? 3 * TURN_MS : TURN_MS);
    setInterval(renew, RENEW_MS);
    // Grids that are drawn anew, and programs that are renewed, come with the whole page.
    setInterval(() => fetch(location.href, { method: "HEAD", credentials: "same-origin" }).then((answer) => answer.ok && location.reload()).catch(() => {}), RELOAD_MS);
  };
})((window.gridpatrol = window.gridpatrol || {}));
