// The page: files, a preview of them, settings, inference, result.

import { Gone, request, sentence, upload } from "./api.js";
import { profileChart } from "./chart.js";
import { byId, facts, make, notice, size } from "./dom.js";
import { ROLES, roleOf, suffixOf } from "./filetype.js";

const PREVIEW_AFTER_MS = 700;
const ASK_EVERY_MS = 400;
const KEPT = "stargas job"; // what survives a reload of the page in this tab
const HEADS = ["", "r/R_hl", "r [kpc]", "log₁₀ M [M☉], 68 %", "95 %"];
const COLUMNS = {
  ra: "right ascension", dec: "declination", xi: "offset east [arcmin]", eta: "offset north [arcmin]",
  x_kpc: "offset west [kpc]", y_kpc: "offset north [kpc]", v_los: "line-of-sight velocity",
  v_los_error: "error of the velocity", p_member: "probability of membership",
};
const DATA = {
  "report.html": ["Open the report", "main"],
  "stargas.zip": ["Everything (zip)", ""],
  "profile.ecsv": ["Profile (ECSV)", ""],
  "figures/profile.pdf": ["Figure (PDF)", ""],
};

const page = { about: null, job: null, files: new Map(), columns: {}, turn: 0, waiting: null, busy: false, sending: 0 };

async function start() {
  page.about = await request("GET", "about");
  const { max_bytes: most, keep_minutes: keep, examples, version } = page.about;
  byId("limits").textContent = `Tables up to ${size(most.stars)}, FITS up to ${size(most.hi_cube)}.`;
  for (const node of document.querySelectorAll(".version")) node.textContent = version;
  byId("privacy").textContent = "Files stay on the server that sent you this page, in a folder of your own. They are removed "
    + `when you start anew, ${Math.round(keep)} minutes after your last click, or when the server ends.`;
  for (const [name, title] of Object.entries(examples)) {
    byId("examples").append(make("button", { type: "button", on: { click: () => guarded(() => useExample(name)) } }, title));
  }
  await restore();
}

// after a reload: the same files, settings and answer, or the inference that still runs
async function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (!kept) return;
  let state;
  try {
    state = await request("GET", `jobs/${kept.id}`);
  } catch (error) {
    sessionStorage.removeItem(KEPT);
    if (error instanceof Gone) return;
    throw error;
  }
  page.job = Promise.resolve(kept.id);
  page.columns = kept.settings.columns ?? {};
  for (const [role, file] of Object.entries(state.files)) page.files.set(role, { ...file, roles: [], share: null });
  for (const input of byId("form").querySelectorAll("input[name]")) {
    const [name, part] = input.name.split(".");
    const value = part === undefined ? kept.settings[name] : kept.settings[name]?.[Number(part)];
    input.value = value ?? "";
  }
  showFiles();
  if (state.state === "open") await preview();
  else {
    byId("preview").hidden = byId("known").hidden = false;
    await answerOf(async () => state);
  }
}

async function rememberJob() {
  if (page.job) sessionStorage.setItem(KEPT, JSON.stringify({ id: await page.job, settings: settings() }));
}

// every action ends in a sentence on the page where it fails
async function guarded(action) {
  try {
    await action();
  } catch (error) {
    if (error instanceof Gone) forgetJob();
    say(error.message);
  }
}

function say(text) {
  byId("data-notices").replaceChildren(...(text ? [notice(sentence(text), true)] : []));
}

function forgetJob() {
  page.job = null;
  sessionStorage.removeItem(KEPT);
  page.files.clear();
  showFiles();
  hideAll();
}

function hideAll() {
  for (const id of ["preview", "known", "result"]) byId(id).hidden = true;
  for (const id of ["status", "failure"]) byId(id).replaceChildren();
  byId("bar").hidden = true;
}

async function job() {
  page.job ??= request("POST", "jobs").then((made) => made.id, (error) => {
    page.job = null;
    throw error;
  });
  return page.job;
}

async function addFiles(list) {
  say("");
  for (const file of list) {
    const suffixes = page.about.suffixes;
    const fitting = Object.keys(ROLES).filter((role) => suffixes[role].includes(suffixOf(file.name)));
    if (!fitting.length) {
      const known = [...new Set(Object.values(suffixes).flat())].join(", ");
      say(`${file.name} is neither a table nor FITS by its ending: expected one of ${known}.`);
      continue;
    }
    let role;
    try {
      role = await roleOf(file, suffixes);
    } catch {
      say(`${file.name} cannot be read: is it a folder, or was it removed?`);
      continue;
    }
    await guarded(() => send(file, role, fitting));
  }
  preview();
}

async function send(file, role, roles) {
  const most = page.about.max_bytes[role];
  if (file.size > most) {
    throw new Error(`${file.name} has ${size(file.size)}, at most ${size(most)} are taken: cut the galaxy out of it first.`);
  }
  if (!file.size) throw new Error(`${file.name} is empty.`);
  const id = await job();
  const entry = { name: file.name, bytes: file.size, file, roles, share: 0 };
  page.files.set(role, entry);
  page.sending += 1;
  showFiles();
  try {
    await upload(`jobs/${id}/files/${role}?name=${encodeURIComponent(file.name)}`, file, (share) => {
      entry.share = share;
      const bar = byId(`share-${role}`);
      if (bar) bar.value = share;
    });
    entry.share = null;
    await rememberJob();
  } catch (error) {
    if (page.files.get(role) === entry) page.files.delete(role);
    throw error;
  } finally {
    page.sending -= 1;
    showFiles();
  }
}

async function useExample(name) {
  say("");
  await startAnew();
  const id = await job();
  const { files, values } = await request("POST", `jobs/${id}/example/${name}`);
  for (const [role, file] of Object.entries(files)) page.files.set(role, { ...file, roles: [], share: null });
  for (const [field, value] of Object.entries(values)) byId("form").elements[field].value = value;
  showFiles();
  await preview();
}

async function startAnew() {
  const old = page.job;
  page.turn += 1;
  page.columns = {};
  setBusy(false);
  forgetJob();
  byId("form").reset();
  byId("columns-box").hidden = true;
  say("");
  if (old) await old.then((id) => request("DELETE", `jobs/${id}`)).catch(() => null);
}

async function changeRole(from, to) {
  const entry = page.files.get(from);
  await removeFile(from);
  await send(entry.file, to, entry.roles);
  await preview();
}

async function removeFile(role) {
  page.files.delete(role);
  if (role === "stars") page.columns = {};
  showFiles();
  await request("DELETE", `jobs/${await job()}/files/${role}`);
}

function showFiles() {
  const items = [...page.files].map(([role, entry]) => {
    const name = make("span", { class: "name" }, entry.name, " ", make("small", {}, size(entry.bytes)));
    const kinds = entry.roles.length > 1 ? rolePicker(role, entry) : make("span", { class: "quiet" }, ROLES[role]);
    const remove = make("button", {
      type: "button", "aria-label": `Remove ${entry.name}`, disabled: page.busy,
      on: { click: () => guarded(async () => { await removeFile(role); byId("chooser").focus(); await preview(); }) },
    }, "Remove");
    const bar = entry.share === null ? "" : make("progress", { id: `share-${role}`, max: "1", value: String(entry.share), "aria-label": `Sending ${entry.name}` });
    return make("li", {}, name, kinds, remove, bar);
  });
  byId("files").replaceChildren(...items);
}

function rolePicker(role, entry) {
  const options = entry.roles.map((one) => make("option", { value: one, selected: one === role }, ROLES[one]));
  return make("select", {
    "aria-label": `What ${entry.name} is`, disabled: page.busy || entry.share !== null,
    on: { change: (event) => guarded(() => changeRole(role, event.target.value)) },
  }, ...options);
}

function settings() {
  const values = { columns: page.columns };
  for (const input of byId("form").querySelectorAll("input[name]")) {
    const text = input.value.trim().replace(/^([+−-]?\d+),(\d+)$/, "$1.$2").replaceAll("−", "-");
    const [name, part] = input.name.split(".");
    if (part === undefined) values[name] = text;
    else (values[name] ??= ["", ""])[Number(part)] = text;
  }
  return values;
}

function previewSoon() {
  clearTimeout(page.waiting);
  page.waiting = setTimeout(() => guarded(preview), PREVIEW_AFTER_MS);
}

async function preview() {
  clearTimeout(page.waiting);
  byId("result").hidden = true;
  byId("failure").replaceChildren();
  byId("status").textContent = "";
  if (page.sending || page.busy) return;
  if (!page.files.size) {
    hideAll();
    return;
  }
  page.turn += 1;
  const turn = page.turn;
  await rememberJob();
  byId("preview").hidden = byId("known").hidden = false;
  byId("preview-state").textContent = "reading …";
  try {
    const found = await request("POST", `jobs/${await job()}/preview`, settings());
    if (turn === page.turn) showPreview(found);
  } catch (error) {
    if (turn !== page.turn) return;
    if (error instanceof Gone) throw error;
    byId("preview-stars").replaceChildren(notice(error.message, true));
    byId("preview-hi").replaceChildren();
  } finally {
    if (turn === page.turn) byId("preview-state").textContent = "";
  }
}

function showPreview({ stars, hi }) {
  byId("preview-stars").replaceChildren(...part("Stars", stars, "Stars on the sky in the color of their velocity; velocity over distance from the center. Dotted: R_hl."));
  byId("preview-hi").replaceChildren(...part("HI", hi, "HI: column density, mean velocity, velocity dispersion."));
  const box = byId("columns-box");
  box.hidden = !stars?.columns;
  if (!stars?.columns) return;
  box.open ||= Boolean(stars.error);
  const picks = Object.entries(COLUMNS).filter(([quantity]) => stars.used[quantity] || ["v_los", "v_los_error", "p_member", "ra", "dec"].includes(quantity));
  byId("columns").replaceChildren(...picks.map(([quantity, words]) => columnPicker(quantity, words, stars)));
}

function columnPicker(quantity, words, { columns, used }) {
  const options = ["", ...columns].map((name) => make("option", { value: name, selected: name === (used[quantity] ?? "") }, name || "none"));
  const picker = make("select", {
    "aria-label": words,
    on: {
      change: (event) => {
        page.columns = { ...page.columns, [quantity]: event.target.value };
        guarded(preview);
      },
    },
  }, ...options);
  return make("label", {}, make("span", {}, words), picker);
}

function part(title, found, alt) {
  if (!found) return [];
  const notices = (found.warnings ?? []).map((text) => notice(text));
  if (found.error) return [make("h3", {}, title), notice(sentence(found.error), true)];
  return [make("h3", {}, title), facts(found.facts), make("img", { class: "picture", src: found.image, alt }), ...notices];
}

async function infer(event) {
  event.preventDefault();
  byId("failure").replaceChildren();
  byId("result").hidden = true;
  if (page.busy || page.sending) return;
  clearTimeout(page.waiting);
  await answerOf(async (id) => {
    await rememberJob();
    return request("POST", `jobs/${id}/infer`, settings());
  });
}

// follow an inference from its first state to its answer
async function answerOf(begin) {
  page.turn += 1;
  const turn = page.turn;
  const began = performance.now();
  byId("preview-state").textContent = "";
  setBusy(true);
  try {
    const id = await job();
    let state = await begin(id);
    while (turn === page.turn && (state.state === "waiting" || state.state === "running")) {
      const seconds = Math.round((performance.now() - began) / 1000);
      const phase = sentence(state.phase || "starting");
      if (!byId("status").textContent.startsWith(phase) || seconds % 5 === 0) byId("status").textContent = `${phase} … ${seconds} s`;
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
      if (turn === page.turn) state = await request("GET", `jobs/${id}`);
    }
    if (turn !== page.turn) return;
    if (state.state !== "done") throw new Error(state.message || "the inference was stopped.");
    byId("status").textContent = `Done in ${((performance.now() - began) / 1000).toFixed(1)} s.`;
    showResult(id, state.result);
  } catch (error) {
    if (turn !== page.turn) return;
    byId("status").textContent = "";
    byId("failure").replaceChildren(notice(sentence(error.message), true));
    if (error instanceof Gone) {
      forgetJob();
      say(error.message);
    }
  } finally {
    if (turn === page.turn) setBusy(false);
  }
}

function setBusy(busy) {
  page.busy = busy;
  byId("infer").disabled = busy;
  byId("bar").hidden = !busy;
  byId("chooser").disabled = busy;
  for (const input of byId("form").querySelectorAll("input")) input.disabled = busy;
  for (const picker of byId("columns").querySelectorAll("select")) picker.disabled = busy;
  showFiles();
}

function showResult(id, result) {
  const address = (name) => `/api/jobs/${id}/results/${name}`;
  byId("result-name").textContent = result.name;
  byId("verdict").replaceChildren(make("strong", {}, `${result.verdict.title}. `), result.verdict.text);
  byId("verdict").className = `verdict ${result.verdict.mood}`;
  byId("result-limits").replaceChildren(...result.limits.map((text) => make("li", {}, text)));
  byId("result-notices").replaceChildren(...result.warnings.map((text) => notice(text)));
  byId("result").hidden = false;
  byId("chart").replaceChildren(profileChart(result, byId("chart").clientWidth));
  const head = make("tr", {}, ...HEADS.slice(1).map((text) => make("th", { scope: "col" }, text)));
  const rows = result.rows.map((row) => make("tr", {}, ...row.slice(1).map((text) => make("td", {}, text))));
  byId("masses").replaceChildren(make("caption", {}, `${result.model} model; median + and − to the 84th and 16th percentile`), make("thead", {}, head), make("tbody", {}, ...rows));
  const links = Object.entries(DATA).filter(([name]) => result.files.includes(name)).map(([name, [words, kind]]) => {
    const target = name.endsWith(".html") ? { target: "_blank", rel: "noopener" } : { download: "" };
    return make("a", { class: `button ${kind}`, href: address(name), ...target }, words);
  });
  byId("downloads").replaceChildren(...links);
  byId("all-files").replaceChildren(...result.files.map((name) => make("li", {}, make("a", { href: address(name) }, name))));
  byId("observed").replaceChildren(...result.observed.map((text) => make("li", {}, text)));
  byId("result").focus({ preventScroll: true });
  byId("result").scrollIntoView({ block: "start" });
}

const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!page.busy) guarded(() => addFiles([...event.dataTransfer.files]));
});
// a file that misses the zone must not replace the page
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
byId("chooser").addEventListener("change", (event) => {
  const chosen = [...event.target.files];
  event.target.value = "";
  guarded(() => addFiles(chosen));
});
byId("form").addEventListener("input", previewSoon);
byId("form").addEventListener("submit", infer);
byId("anew").addEventListener("click", () => guarded(async () => {
  await startAnew();
  byId("chooser").focus();
}));
guarded(start);
