// Figures of a period: charts drawn beside their tables, and files taken away with word of how far they have come.

import { made, takeFrom } from "./taking.js";

const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [1, 3], "solid"];
const MARKS = ["circle", "rect", "diamond", "triangle", "emptyCircle", "emptyRect"];
const ROW_PX = 22;

const chinese = document.documentElement.lang.startsWith("zh");
const plain = new Intl.NumberFormat(chinese ? "zh-CN" : "en-GB", { maximumFractionDigits: 1 });
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const css = getComputedStyle(document.documentElement);

/** How a figure is said: shares in per cent, the rest plainly; nothing where there is none. */
const say = (share) => (value) => (value == null || Number.isNaN(value) ? "–" : share ? `${plain.format(value * 100)}%` : plain.format(value));

/** What ECharts is told of one chart. */
function optionsOf(told, room) {
  const said = say(told.share);
  const names = { type: "category", data: told.labels, inverse: told.lying, axisTick: { show: false },
    axisLabel: { color: css.getPropertyValue("--ink"), width: told.lying ? Math.min(190, 0.36 * room) : undefined, overflow: "truncate" } };
  const figures = { type: "value", axisLabel: { formatter: said }, minInterval: told.whole ? 1 : 0, max: told.share ? (range) => Math.max(range.max, 0.01) : undefined };
  const few = told.kind !== "stacked" && told.labels.length * told.series.length <= 16;
  return {
    animation: !still, color: told.colours, textStyle: { fontFamily: css.getPropertyValue("--font") },
    grid: { left: 8, right: 28, top: told.series.length > 1 ? 40 : 20, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: told.series.length > 1 ? { top: 0, left: 0 } : undefined,
    // Markup under the pointer would need styles that the policy of this page forbids.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: said, axisPointer: { type: told.kind === "lines" ? "line" : "shadow" } },
    xAxis: told.lying ? figures : names, yAxis: told.lying ? names : figures,
    series: told.series.map(([name, values], i) => ({
      name, data: values, type: told.kind === "lines" ? "line" : "bar", stack: told.kind === "stacked" ? "all" : undefined,
      lineStyle: { type: DASHES[i % DASHES.length], width: 2 }, symbol: MARKS[i % MARKS.length], symbolSize: 6, barMaxWidth: 36,
      label: { show: few, position: told.lying ? "right" : "top", formatter: ({ value }) => (value == null ? "" : said(value)) },
    })),
  };
}

function draw(place) {
  const told = JSON.parse(place.dataset.chart);
  if (told.lying) place.style.height = `${48 + told.labels.length * ROW_PX * (told.kind === "stacked" ? 1 : Math.max(1, 0.7 * told.series.length))}px`;
  const chart = echarts.init(place, null, { renderer: "canvas" });
  chart.setOption(optionsOf(told, place.clientWidth));
  new ResizeObserver(() => chart.resize()).observe(place);
}

/** Only what is looked at is drawn; for the printer all of it is. */
function drawWhenSeen(places) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
    }
  }, { rootMargin: "400px" });
  places.forEach((place) => seen.observe(place));
  addEventListener("beforeprint", () => places.filter((place) => !echarts.getInstanceByDom(place)).forEach((place) => { seen.unobserve(place); draw(place); }));
}

/** A page that was loaded again finds the file that is being made for it, and offers it: it was not asked for twice. */
async function offer(link, place) {
  const address = await made(link.dataset.making, place);
  if (!address) return;
  const ready = Object.assign(document.createElement("a"), { href: address, textContent: link.textContent });
  ready.addEventListener("click", () => { place.hidden = true; });
  place.replaceChildren(`${place.dataset.ready} `, ready);
}

drawWhenSeen([...document.querySelectorAll(".chart")]);
const making = document.querySelector(".making");
takeFrom(document.querySelectorAll("a[data-file]"), making);
const begun = document.querySelector("a[data-making]");
if (begun) offer(begun, making);
