// Figures with hover and zoom, by plotly.js, in the colors of the page.

import { make } from "./dom.js";

const CONFIG = { displayModeBar: false, doubleClick: "reset", showTips: false };
const STEP = 1.6; // of one click on "closer"

let loading = null;
const figures = new Map(); // element → what makes its data and layout from the colors and the width
const groups = new Map(); // element → elements that zoom with it

// loaded with the first figure, so that the page itself is there at once
async function library() {
  loading ??= import("./plotly/plotly-cartesian.min.js");
  await loading;
  return window.Plotly;
}

// plotly.js writes attributes "style", which the policy of the page forbids; the same by way of the property is allowed
const setAttribute = SVGElement.prototype.setAttribute;
SVGElement.prototype.setAttribute = function set(name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

function colors() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(["ink", "quiet", "line", "card", "soft", "accent", "band"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

// axes and hover of every figure; a finger scrolls the page, the buttons below zoom
function layoutOf(layout, color) {
  const axis = { gridcolor: color.line, zeroline: false, linecolor: color.quiet, ticks: "outside", tickcolor: color.quiet, showline: true, mirror: true };
  const font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: color.quiet };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font, hovermode: "closest",
    hoverlabel: { bgcolor: color.card, bordercolor: color.quiet, font: { ...font, color: color.ink } },
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", showlegend: false, ...layout,
    xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
  };
}

// make(colors, width) → { data, layout, label }; the label says in words what is to be seen
export async function plot(node, makeFigure) {
  figures.set(node, makeFigure);
  const Plotly = await library();
  if (figures.get(node) !== makeFigure || !node.clientWidth) return;
  const color = colors();
  const { data, layout, label } = makeFigure(color, node.clientWidth);
  node.setAttribute("aria-label", label);
  await Plotly.react(node, data, layoutOf({ width: node.clientWidth, ...layout }, color), CONFIG);
}

export function forgetPlot(node) {
  if (figures.delete(node)) window.Plotly?.purge(node);
  groups.delete(node);
}

// figures of the same axes that zoom together
export function zoomTogether(nodes) {
  for (const node of nodes) {
    const others = nodes.filter((one) => one !== node);
    if (!groups.has(node)) {
      node.on("plotly_relayout", (change) => {
        if (!Object.keys(change).some((key) => /axis\.(range|autorange)/.test(key))) return;
        const { xaxis, yaxis } = node.layout;
        for (const other of groups.get(node) ?? []) {
          if (String(other.layout.xaxis.range) === String(xaxis.range) && String(other.layout.yaxis.range) === String(yaxis.range)) continue;
          window.Plotly.relayout(other, { "xaxis.range": [...xaxis.range], "yaxis.range": [...yaxis.range] });
        }
      });
    }
    groups.set(node, others);
  }
}

function zoom(node, factor) {
  const change = {};
  for (const axis of ["xaxis", "yaxis"]) {
    const [low, high] = node.layout[axis].range.map(Number);
    const [middle, half] = [(low + high) / 2, (high - low) / 2 / factor];
    change[`${axis}.range`] = [middle - half, middle + half];
  }
  window.Plotly.relayout(node, change);
}

// buttons that zoom some figures: for the keyboard and for fingers
export function zoomButtons(nodes, what) {
  const actions = [
    ["Closer", (node) => zoom(node, STEP)],
    ["Farther", (node) => zoom(node, 1 / STEP)],
    ["Whole", (node) => [node, ...(groups.get(node) ?? [])].forEach((one) => plot(one, figures.get(one)))],
  ];
  return actions.map(([words, action]) => make("button", {
    type: "button", "aria-label": `${words}: ${what}`, on: { click: () => nodes.forEach(action) },
  }, words));
}

function drawAgain() {
  for (const [node, makeFigure] of figures) if (node.isConnected) plot(node, makeFigure);
  for (const node of figures.keys()) if (!node.isConnected) forgetPlot(node);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
let width = window.innerWidth;
let waiting = null;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return; // a phone that hides its address bar
  width = window.innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(drawAgain, 150);
});
