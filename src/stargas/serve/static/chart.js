// The mass profile as a drawing in the colors of the page.

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 14, 48];
const LEGEND = 170;
const MARKS = ["circle", "square", "up", "diamond", "down", "plus", "cross", "star"];

function draw(parent, tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function niceTicks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) ticks.push(k * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return ticks.map((value) => [value, value.toFixed(digits)]);
}

function marker(parent, kind, x, y) {
  const s = 4.6;
  const paths = {
    square: `M${x - s} ${y - s}h${2 * s}v${2 * s}h${-2 * s}z`,
    up: `M${x} ${y - s - 1}l${s + 1} ${2 * s}h${-2 * s - 2}z`,
    down: `M${x} ${y + s + 1}l${s + 1} ${-2 * s}h${-2 * s - 2}z`,
    diamond: `M${x} ${y - s - 1.5}l${s + 1.5} ${s + 1.5}l${-s - 1.5} ${s + 1.5}l${-s - 1.5} ${-s - 1.5}z`,
    plus: `M${x - s} ${y}h${2 * s}M${x} ${y - s}v${2 * s}`,
    cross: `M${x - s} ${y - s}l${2 * s} ${2 * s}M${x - s} ${y + s}l${2 * s} ${-2 * s}`,
    star: `M${x - s} ${y}h${2 * s}M${x} ${y - s}v${2 * s}M${x - 3} ${y - 3}l6 6M${x - 3} ${y + 3}l6 -6`,
  };
  const look = { fill: "var(--card)", stroke: "var(--ink)", "stroke-width": 1.5 };
  if (kind === "circle") return draw(parent, "circle", { cx: x, cy: y, r: s, ...look });
  return draw(parent, "path", { d: paths[kind], ...look });
}

// drawn for a width [px], so that its text keeps its size on a narrow screen
export function profileChart(result, available) {
  const { r_kpc: r, quantiles: q, points } = result;
  const WIDTH = Math.max(260, Math.min(760, available));
  const HEIGHT = Math.max(270, 0.58 * WIDTH);
  const perRow = Math.max(1, Math.floor((WIDTH - LEFT) / LEGEND));
  const masses = points.map((point) => point.log10_mass);
  const edge = 0.06 * (r.at(-1) - r[0]);
  const [x0, x1] = [Math.min(r[0], ...points.map((p) => p.r_kpc)) - edge, Math.max(r.at(-1), ...points.map((p) => p.r_kpc)) + edge];
  const [y0, y1] = [Math.min(...q[0], ...masses) - 0.12, Math.max(...q[4], ...masses) + 0.12];
  const X = (value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const Y = (value) => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const rows = Math.ceil(points.length / perRow);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT + 20 * rows}`);
  svg.setAttribute("width", WIDTH);
  svg.setAttribute("role", "img");
  const middle = Math.floor(r.length / 2);
  svg.setAttribute("aria-label", `Mass profile: inside ${r[middle].toPrecision(3)} kpc the logarithm of the mass in solar masses is `
    + `${q[2][middle].toFixed(2)}, between ${q[1][middle].toFixed(2)} and ${q[3][middle].toFixed(2)} with 68 %. The table below has more.`);
  const text = { fill: "var(--quiet)", "font-size": 13, "font-family": "inherit" };
  for (const [value, label] of niceTicks(x0, x1, WIDTH / 100)) {
    draw(svg, "line", { x1: X(value), x2: X(value), y1: TOP, y2: HEIGHT - BOTTOM, stroke: "var(--line)" });
    draw(svg, "text", { x: X(value), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle", ...text }, label);
  }
  for (const [value, label] of niceTicks(y0, y1, 6)) {
    draw(svg, "line", { x1: LEFT, x2: WIDTH - RIGHT, y1: Y(value), y2: Y(value), stroke: "var(--line)" });
    draw(svg, "text", { x: LEFT - 8, y: Y(value) + 4.5, "text-anchor": "end", ...text }, label);
  }
  draw(svg, "text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle", ...text }, "r [kpc]");
  draw(svg, "text", { transform: `translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle", ...text }, "log₁₀ M(<r) [M☉]");
  const line = (values) => values.map((value, i) => `${X(r[i])},${Y(value)}`);
  for (const [low, high, opacity] of [[0, 4, 0.18], [1, 3, 0.32]]) {
    draw(svg, "polygon", { points: [...line(q[low]), ...line(q[high]).reverse()].join(" "), fill: "var(--band)", "fill-opacity": opacity });
  }
  draw(svg, "polyline", { points: line(q[2]).join(" "), fill: "none", stroke: "var(--band)", "stroke-width": 2.4 });
  points.forEach((point, i) => {
    const [x, y] = [X(point.r_kpc), Y(point.log10_mass)];
    if (point.error) {
      draw(svg, "line", { x1: x, x2: x, y1: Y(point.log10_mass - point.error), y2: Y(point.log10_mass + point.error), stroke: "var(--ink)" });
    }
    marker(svg, MARKS[i % MARKS.length], x, y);
    const [column, row] = [i % perRow, Math.floor(i / perRow)];
    marker(svg, MARKS[i % MARKS.length], LEFT + 8 + column * LEGEND, HEIGHT + 8 + 20 * row);
    draw(svg, "text", { x: LEFT + 20 + column * LEGEND, y: HEIGHT + 12.5 + 20 * row, ...text, "font-size": 12.5 }, point.label.replace(/[$\\{}]/g, "").replaceAll("rm", ""));
  });
  return svg;
}
