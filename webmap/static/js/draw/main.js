// Opens the editor: reads what the server put into the page, sets the map up, and connects buttons and keys.

import { Api } from "draw/api.js";
import { Desk, room } from "draw/desk.js";
import { Draft } from "draw/draft.js";
import { Ground } from "draw/ground.js";
import { listenToKeys } from "draw/keys.js";
import { Sheets } from "draw/print.js";
import { showProgress } from "waiting.js";

const G = window.gridpatrol;
const LOOK_MS = 10000;

const given = JSON.parse(document.getElementById("draw-data").textContent);
const page = document.querySelector(".draw");

function makeMap() {
  const map = L.map(page.querySelector(".draw-map"), {
    attributionControl: false, zoomControl: false, doubleClickZoom: false, boxZoom: false, zoomSnap: 0.25, zoomDelta: 0.5,
    wheelPxPerZoomLevel: 100, maxZoom: 21, minZoom: 9, keyboardPanDelta: 40, zoomAnimation: true,
  });
  L.control.zoom({ position: "bottomright", zoomInTitle: given.words.zoom_in, zoomOutTitle: given.words.zoom_out }).addTo(map);
  L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
  const [[west, south], [east, north]] = given.bounds;
  map.fitBounds([[south, west], [north, east]], room(page));
  return map;
}

async function loadGround(desk) {
  const answer = await fetch(given.ground, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) return desk.complain(given.words.no_ground);
  const data = await answer.json();
  desk.ground = new Ground(data);
  desk.picture.ground = desk.ground;
  desk.placeNames = G.labels(data.labels, data.origin);
  desk.relabel();
  desk.again();
  G.search(page.querySelector(".draw-find"), { search: data.places, words: given.words }, (place) =>
    desk.map.setView(G.point(place.point, data.origin), Math.max(desk.map.getZoom(), 17))
  );
  return data;
}

function actionsOf(desk, sheets) {
  const colour = (by) => {
    desk.view.colourBy = by;
    page.querySelectorAll("input[name=colour]").forEach((one) => (one.checked = one.value === by));
    page.querySelector("[data-part=key]").hidden = by !== "band";
    desk.again("fill", "doing");
    desk.table.show();
  };
  const actions = {
    undo: () => (desk.tool.back?.() ? undefined : desk.mayChange() && desk.draft.canUndo && desk.draft.undo()),
    redo: () => desk.mayChange() && desk.draft.canRedo && desk.draft.redo(),
    finish: () => desk.tool.finish?.(),
    cancel: () => { desk.tool.cancel?.(); desk.show(); },
    anew: () => { desk.take("paint"); if (desk.name === "paint") desk.tool.anew(); },
    all: () => desk.lookAtAll(),
    blocks: () => { desk.view.showBlocks = !desk.view.showBlocks; desk.needBlocks(); desk.again("borders"); },
    colour: (by) => colour(typeof by === "string" ? by : desk.view.colourBy === "band" ? "apart" : "band"),
    find: () => page.querySelector(".draw-find input").focus(),
    help: () => page.querySelector(".draw-help").toggleAttribute("open"),
    sheet: () => sheets.on(),
    paper: () => window.print(),
    unsheet: () => sheets.off(),
    escape: () => {
      if (sheets.open) return sheets.off();
      page.querySelector(".draw-help").open = false;
      if (desk.tool.points?.length || desk.tool.carrying || desk.tool.fresh) {
        desk.tool.fresh = false;
        return actions.cancel();
      }
      if (desk.view.picked.length) return desk.pick(null);
      return desk.take("choose");
    },
  };
  return actions;
}

function connect(desk, actions) {
  page.querySelectorAll("button[data-tool]").forEach((button) => button.addEventListener("click", () => desk.take(button.dataset.tool)));
  Object.keys(actions).forEach((name) => page.querySelectorAll(`[data-do=${name}]`).forEach((button) => button.addEventListener("click", () => actions[name]())));
  page.querySelectorAll("input[name=colour]").forEach((one) => one.addEventListener("change", () => actions.colour(one.value)));
  page.querySelector("[data-snap]").addEventListener("change", (event) => (desk.view.snap = event.target.checked));
  const tabs = [...page.querySelectorAll("[role=tab]")];
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => desk.tab(tab.dataset.tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      next.focus();
      desk.tab(next.dataset.tab);
    });
  });
  listenToKeys(desk, actions);
}

/** Ask now and then what others did, while the window is looked at. */
function watchOthers(desk) {
  const look = () => !document.hidden && desk.draft.sync().catch(() => {});
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", () => desk.draft.send());
}

async function start() {
  const api = new Api(given.api, given.words);
  const draft = new Draft(api, { store: "gridpatrol-draft-" + given.api, lat: given.bounds[0][1] });
  const map = makeMap();
  const desk = new Desk(page, map, draft, given.words);
  G.drawing = desk;
  connect(desk, actionsOf(desk, new Sheets(desk)));
  const ground = loadGround(desk);
  const wait = page.querySelector(".draw-wait");
  try {
    await draft.load(showProgress(wait, wait.textContent));
  } catch (problem) {
    page.classList.remove("loading");
    return desk.bar("bad", problem.message, [[given.words.reload, () => location.reload()]]);
  }
  desk.known = new Set(draft.grids.keys());
  desk.take("choose");
  page.classList.remove("loading");
  watchOthers(desk);
  await ground;
  page.classList.add("ready");
  return desk;
}

start();
