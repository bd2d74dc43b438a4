/* The heat in a file of its own: its pictures and numbers are inside, nothing is asked of anybody. */
(function (G) {
  "use strict";

  const PAUSE_MS = 900;

  function bars(root, counts, at) {
    const most = Math.max(1, ...counts);
    root.replaceChildren(
      ...counts.map((count, i) => {
        const bar = G.make("i", { class: at === 0 || at === i + 1 ? "on" : "" });
        bar.style.height = count ? Math.max(4, (count / most) * 100) + "%" : "0";
        return bar;
      })
    );
  }

  G.heatFile = function (map, dataId) {
    const data = JSON.parse(document.getElementById(dataId).textContent);
    const page = map.getContainer().closest(".gp-page");
    const part = (name) => page.querySelector(`[data-part="${name}"]`);
    const { words, slices } = data;
    const state = { show: data.show, at: 0, timer: null };

    map.setView([0, 0], 15);
    G.heatControls(map, words);
    G.addBase(map, data.ground);
    const grids = G.heatGrids(map, data.ground, (code) => grids.mark(code));
    const labels = G.heatLabels(map, data.ground);
    map.on("click", () => grids.mark(null));
    // Read by the browser when they are first shown; all but the first are small.
    const pictures = slices.map((one) => one.picture && L.imageOverlay(one.picture, data.corners, { pane: "heat", alt: "" }));

    function figure() {
      return data.figures.find((one) => one.key === state.show) || null;
    }

    function show() {
      const [one, shown] = [slices[state.at], figure()];
      pictures.forEach((layer, i) => layer && (i === state.at && !shown ? layer.addTo(map) : layer.remove()));
      grids.paint(shown, data.hatched, data.codes);
      labels.setUnder(G.inOrder(data.ground, data.codes, shown ? shown.text : data.codes.map(() => "")));
      const hatch = data.hatched.some(Boolean) ? [{ label: words.nobody_looked, hatch: true }] : [];
      const told = shown
        ? { title: shown.title, classes: [...shown.classes, ...hatch], ramp: false, lines: [shown.note, ...data.lines] }
        : Object.assign({}, data.legend, { lines: [one.said, ...data.lines, hatch.length ? words.hatch_is : ""] });
      G.heatLegend(page.querySelector(".heat-legend"), told, shown ? (kind) => grids.only(kind) : null);
      const time = page.querySelector(".heat-slices");
      time.hidden = Boolean(shown) || slices.length < 2;
      bars(part("bars"), slices.slice(1).map((slice) => slice.count), state.at);
      part("said").textContent = one.said;
      slider.value = String(state.at);
      slider.setAttribute("aria-valuetext", one.said);
    }

    const slider = page.querySelector(".heat-slices input");
    slider.max = String(slices.length - 1);
    slider.addEventListener("input", () => {
      stop();
      state.at = Number(slider.value);
      show();
    });
    const play = page.querySelector('[data-do="play"]');
    function stop() {
      clearInterval(state.timer);
      state.timer = null;
      play.setAttribute("aria-pressed", "false");
      play.textContent = words.play;
    }
    play.addEventListener("click", () => {
      if (state.timer) {
        stop();
        return;
      }
      if (state.at >= slices.length - 1) state.at = 0;
      play.setAttribute("aria-pressed", "true");
      play.textContent = words.pause;
      state.timer = setInterval(() => {
        state.at += 1;
        show();
        if (state.at >= slices.length - 1) stop();
      }, PAUSE_MS);
    });
    page.querySelectorAll('[name="show"]').forEach((one) => {
      one.checked = one.value === state.show;
      one.addEventListener("change", () => {
        stop();
        state.show = one.value;
        show();
      });
    });
    show();
    // Into the room that is left beside what is said, or below it.
    const head = page.querySelector(".heat-head");
    const beside = page.clientWidth >= 760;
    const from = beside ? [head.offsetLeft + head.offsetWidth + 8, 12] : [8, head.offsetHeight + 8];
    const bounds = L.latLngBounds(data.ground.bounds.map((pair) => G.point(pair, data.ground.origin)));
    map.fitBounds(bounds, { animate: false, paddingTopLeft: from, paddingBottomRight: [beside ? 12 : 8, beside ? 130 : 150] });
    page.classList.add("ready");
  };
})((window.gridpatrol = window.gridpatrol || {}));
