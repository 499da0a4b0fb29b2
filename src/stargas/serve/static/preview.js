// What is in the files: facts, figures, and the columns of a table.

import { sentence } from "./api.js";
import { byId, facts, make, notice } from "./dom.js";
import { hiMap, starSky, starVelocities } from "./maps.js";
import { forgetPlot, plot, zoomButtons, zoomTogether } from "./plot.js";

const COLUMNS = {
  ra: "right ascension", dec: "declination", xi: "offset east [arcmin]", eta: "offset north [arcmin]",
  x_kpc: "offset west [kpc]", y_kpc: "offset north [kpc]", v_los: "line-of-sight velocity",
  v_los_error: "error of the velocity", p_member: "probability of membership",
};
const ALWAYS_OFFERED = ["v_los", "v_los_error", "p_member", "ra", "dec"];

export function showPreview({ stars, hi, photometry, known }, onColumn) {
  showFacts(byId("preview-photometry"), "Photometric catalog", photometry);
  showPart(byId("preview-stars"), "Stars", stars, {
    figures: (chart) => [starSky(chart), starVelocities(chart)], together: false,
    caption: () => "Members in the color of their velocity, blue approaching, and velocity over the distance from the center. Dotted: R_hl; shaded: the dispersion.",
  });
  showPart(byId("preview-hi"), "HI", hi, {
    figures: (chart) => [0, 1, 2].map((index) => hiMap(chart, index)), together: true,
    caption: ({ R_HI, beam }) => `HI column, mean velocity and dispersion. ${R_HI ? "Dotted: R_HI, where the column falls to 1 M☉/pc². " : ""}${beam ? "In the corner: the beam." : "The beam is not known."}`,
  });
  byId("known-references").replaceChildren(...known.map((text) => make("li", {}, text)));
  const box = byId("columns-box");
  box.hidden = !stars?.columns;
  if (!stars?.columns) return;
  box.open ||= Boolean(stars.error);
  const picks = Object.entries(COLUMNS).filter(([quantity]) => stars.used[quantity] || ALWAYS_OFFERED.includes(quantity));
  const focused = document.activeElement?.dataset?.quantity;
  byId("columns").replaceChildren(...picks.map(([quantity, words]) => columnPicker(quantity, words, stars, onColumn)));
  byId("columns").querySelector(`[data-quantity="${focused}"]`)?.focus();
}

// nothing of one galaxy may stand there while another is read
export function clearPreview() {
  clear(byId("preview-stars"));
  clear(byId("preview-hi"));
  byId("preview-photometry").replaceChildren();
  byId("known-references").replaceChildren();
  byId("columns-box").hidden = true;
}

export function showPreviewError(message) {
  clear(byId("preview-stars"));
  clear(byId("preview-hi"));
  byId("preview-photometry").replaceChildren();
  byId("preview-stars").replaceChildren(notice(message, true));
}

function clear(place) {
  for (const node of place.querySelectorAll(".plot")) forgetPlot(node);
  place.replaceChildren();
}

function showFacts(place, title, found) {
  if (!found) return place.replaceChildren();
  const notices = found.error ? [notice(sentence(found.error), true)] : found.warnings.map((text) => notice(sentence(text)));
  return place.replaceChildren(make("h3", {}, title), ...(found.error ? [] : [facts(found.facts)]), ...notices);
}

// the figures stay where they are while only numbers change, so that nothing jumps
function showPart(place, title, found, { figures, together, caption }) {
  if (!found || found.error) {
    clear(place);
    if (found) place.replaceChildren(make("h3", {}, title), notice(sentence(found.error), true));
    return;
  }
  const chart = found.chart;
  const makers = figures(chart);
  let nodes = [...place.querySelectorAll(".plot")];
  let figure = place.querySelector("figure");
  if (nodes.length !== makers.length) {
    clear(place);
    nodes = makers.map(() => make("div", { class: "plot", role: "img" }));
    const tools = make("div", { class: "tools", role: "group", "aria-label": `The figures of the ${title}` }, ...zoomButtons(together ? nodes.slice(0, 1) : nodes, title));
    figure = make("figure", {}, make("div", { class: "plots" }, ...nodes), tools, make("figcaption", {}));
  }
  figure.querySelector("figcaption").textContent = caption(chart);
  place.replaceChildren(make("h3", {}, title), facts(found.facts), figure, ...found.warnings.map((text) => notice(text)));
  Promise.all(nodes.map((node, i) => plot(node, makers[i]))).then(() => {
    if (together && nodes.every((node) => node.layout)) zoomTogether(nodes);
  });
}

function columnPicker(quantity, words, { columns, used }, onColumn) {
  const options = ["", ...columns].map((name) => make("option", { value: name, selected: name === (used[quantity] ?? "") }, name || "none"));
  const picker = make("select", { "aria-label": words, "data-quantity": quantity, on: { change: (event) => onColumn(quantity, event.target.value) } }, ...options);
  return make("label", {}, make("span", {}, words), picker);
}
