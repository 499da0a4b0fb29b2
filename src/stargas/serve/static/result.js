// The answer: whether to believe it, the profile, what limits it, its files, and how to repeat and cite it.

import { byId, make, notice } from "./dom.js";
import { plot, zoomButtons } from "./plot.js";
import { profileFigure } from "./profile.js";

const HEADS = ["r/R_hl", "r [kpc]", "log₁₀ M [M☉], 68 %", "95 %"];
const FILES = {
  "report.html": ["Open the report", "main"],
  "stargas.zip": ["Everything (zip)", ""],
  "profile.ecsv": ["Profile (ECSV)", ""],
  "figures/profile.png": ["Figure (PNG)", ""],
  "figures/profile.pdf": ["Figure (PDF)", ""],
};
const COPIED_MS = 3000;

export function showResult(id, result, { link, linkNote, complete }) {
  byId("result-name").textContent = result.name;
  byId("verdict").replaceChildren(make("strong", {}, `${result.verdict.title}. `), result.verdict.text);
  byId("verdict").className = `verdict ${result.verdict.mood}`;
  byId("result-limits").replaceChildren(...result.limits.map((text) => make("li", {}, text)));
  byId("result-notices").replaceChildren(...result.warnings.map((text) => notice(text)));
  byId("result").hidden = false;
  showProfile(result);
  showMasses(result);
  showDark(result.dark);
  showFigures(id, result);
  showFiles(id, result.files);
  byId("writing").hidden = complete;
  byId("observed").replaceChildren(...result.observed.map((text) => make("li", {}, text)));
  const cited = result.references.length ? ["Local Volume Database: Pace (2025), Open Journal of Astrophysics 8, 142.", ...result.references] : [];
  byId("references").replaceChildren(...cited.map((text) => make("li", {}, text)));
  byId("link").value = link;
  byId("link-note").textContent = linkNote;
}

function showProfile(result) {
  const node = byId("profile");
  const box = make("input", { type: "checkbox", on: { change: () => plot(node, profileFigure(result, box.checked)) } });
  box.checked = byId("profile-tools").querySelector("input")?.checked ?? false;
  const choice = result.alternatives.length ? [make("label", { class: "check" }, box, " other priors, and each tracer alone")] : [];
  byId("profile-tools").replaceChildren(...zoomButtons([node], "profile"), ...choice);
  plot(node, profileFigure(result, box.checked));
}

function table(node, caption, heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map((row) => make("tr", {}, ...row.map((text) => make("td", {}, text))));
  node.replaceChildren(make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}

function showMasses({ model, prior, rows, r_kpc: r, quantiles: q, R_hl_kpc: radius }) {
  const expected = prior ? `prior ${prior}` : "prior of all suites";
  table(byId("masses"), `${model} model, ${expected}; median + and − to the 84th and 16th percentile`, HEADS, rows.map((row) => row.slice(1)));
  const all = r.map((one, i) => [(one / radius).toFixed(2), one.toPrecision(3), ...q.map((values) => values[i].toFixed(2))]);
  table(byId("all-radii"), "log₁₀ M(<r) [M☉] at percentiles of the posterior", [...HEADS.slice(0, 2), "2.5", "16", "50", "84", "97.5"], all);
}

function showDark(dark) {
  byId("dark").hidden = !dark;
  if (!dark) return;
  table(byId("dark-numbers"), dark.caption, dark.head, dark.rows);
  byId("dark-notices").replaceChildren(...dark.warnings.map((text) => notice(text)));
}

// those of the report, as soon as it is written
function showFigures(id, { files, predictive, velocity_field: field, dark }) {
  const drawn = {
    predictive: ["predictive", "predictive", predictive?.alt],
    field: ["field", "velocity_field", field?.alt],
    "dark-figure": ["dark", "dark_matter", dark?.alt],
  };
  for (const [figure, [drawing, file, alt]] of Object.entries(drawn)) {
    const there = Boolean(alt) && files.includes(`figures/${file}.png`);
    byId(figure).hidden = !there;
    if (!there) continue;
    // an inference before had the same address, whose image a browser would show again
    byId(`${drawing}-drawing`).src = `/api/jobs/${id}/results/figures/${file}.png?at=${Date.now()}`;
    byId(`${drawing}-drawing`).alt = alt;
  }
  byId("predictive-caption").textContent = predictive?.caption ?? "";
  byId("field-caption").textContent = field?.caption ?? "";
}

function showFiles(id, files) {
  const address = (name) => `/api/jobs/${id}/results/${name}`;
  const links = Object.entries(FILES).filter(([name]) => files.includes(name)).map(([name, [words, kind]]) => {
    const target = name.endsWith(".html") ? { target: "_blank", rel: "noopener" } : { download: "" };
    return make("a", { class: `button ${kind}`, href: address(name), ...target }, words);
  });
  byId("downloads").replaceChildren(...links);
  byId("all-files").replaceChildren(...files.map((name) => make("li", {}, make("a", { href: address(name) }, name))));
}

// the clipboard is there on this machine and behind encryption only; elsewhere the text is selected
async function copy(text, select, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied.";
  } catch {
    select();
    said.textContent = "Selected: copy it with the keyboard.";
  }
  setTimeout(() => { said.textContent = ""; }, COPIED_MS);
}

byId("copy-link").addEventListener("click", () => copy(byId("link").value, () => byId("link").select(), byId("link-copied")));
byId("copy-bibtex").addEventListener("click", () => {
  const text = byId("bibtex");
  copy(text.textContent, () => getSelection().selectAllChildren(text), byId("bibtex-copied"));
});
