// The page: files, a preview of them, settings, inference, result.

import { Gone, request, sentence, Unreachable, upload } from "./api.js";
import { byId, make, notice, size } from "./dom.js";
import { ROLES, roleOf, suffixOf } from "./filetype.js";
import { fieldNames, fields, fillForm, setFormDisabled, settingsOf } from "./form.js";
import { linkOf, readLink } from "./link.js";
import { forget, remember, remembered } from "./memory.js";
import { clearPreview, showPreview, showPreviewError } from "./preview.js";
import { showResult } from "./result.js";

const PREVIEW_AFTER_MS = 700;
const ASK_EVERY_MS = 400;
const PATIENCE_MS = 60_000; // with a server that does not answer
const STAGES = {
  reading: "Reading and measuring the galaxy", drawing: "Drawing from the posterior",
  errors: "Tracing the errors of the inputs", report: "Drawing figures and writing the report",
};

const page = { about: null, job: null, example: "", files: new Map(), columns: {}, turn: 0, looks: 0, waiting: null, busy: false, sending: 0 };

async function start() {
  page.about = await request("GET", "about");
  const { max_bytes: most, keep_minutes: keep, examples, version, priors, galaxies, stages, n_draws: draws } = page.about;
  byId("limits").textContent = `Tables up to ${size(most.stars)}, FITS up to ${size(most.hi_cube)}.`;
  for (const node of document.querySelectorAll(".version")) node.textContent = version;
  byId("privacy").textContent = "Files stay on the server that sent you this page, in a folder of your own. They are removed "
    + `when you start anew, ${Math.round(keep)} minutes after your last click, or when the server ends.`;
  byId("examples").append(...Object.entries(examples).map(([name, title]) => (
    make("button", { type: "button", on: { click: () => guarded(() => useExample(name)) } }, title)
  )));
  byId("prior").append(...priors.map((name) => make("option", { value: name }, name)));
  byId("galaxies").append(...galaxies.map((name) => make("option", { value: name })));
  byId("stages").append(...stages.map((name) => make("li", { "data-stage": name }, STAGES[name])));
  byId("n-draws").placeholder = String(draws);
  if (!(await openLink())) await restore();
}

const settings = () => settingsOf(fields(), page.columns);

// a link fills the form; with an example in it the inference is repeated, without one files are asked for
async function openLink() {
  const link = readLink(location.hash, fieldNames());
  if (!link) return false;
  history.replaceState(null, "", location.pathname);
  forgetGalaxy();
  const refused = [...fillForm(link.fields), ...link.unknown];
  page.columns = link.columns;
  const remarks = [];
  if (refused.length) remarks.push(`This server does not know ${refused.join(", ")}, which the link asks for.`);
  if (link.version && link.version !== page.about.version) {
    remarks.push(`The link is of stargas ${link.version}, this is ${page.about.version}: numbers may differ.`);
  }
  const known = link.example in page.about.examples;
  if (link.example && !known) remarks.push("The example of the link is none of this server's.");
  if (!known) remarks.push(`The link holds settings and no files: add ${link.files || "the files of the galaxy"}.`);
  say(...remarks);
  if (!known) return true;
  await takeExample(link.example);
  await preview();
  if (!refused.length) await infer();
  return true;
}

// after a reload: the same files, settings and answer, or the inference that still runs
async function restore() {
  const kept = remembered();
  if (!kept) return;
  let state;
  try {
    state = await request("GET", `jobs/${kept.id}`);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    forget();
    fillForm(kept.fields);
    say(error.message);
    return;
  }
  page.job = Promise.resolve(kept.id);
  page.example = state.example;
  page.columns = kept.columns;
  fillForm(kept.fields);
  takeFiles(state.files);
  const running = state.state === "waiting" || state.state === "running";
  const same = JSON.stringify(state.settings) === JSON.stringify(settings());
  if (!running && (state.state === "open" || !same)) {
    await preview();
    return;
  }
  guarded(look); // which may have to wait for the inference
  await follow(async () => state, { focus: false });
}

async function rememberGalaxy() {
  if (page.job) remember({ id: await page.job, fields: fields(), columns: page.columns });
}

// every action ends in a sentence on the page where it fails
async function guarded(action) {
  try {
    await action();
  } catch (error) {
    if (error instanceof Gone) forgetGalaxy();
    say(error.message);
  }
}

function say(...texts) {
  byId("data-notices").replaceChildren(...texts.filter(Boolean).map((text) => notice(sentence(text), true)));
}

function forgetGalaxy() {
  clearTimeout(page.waiting);
  page.turn += 1;
  page.looks += 1;
  page.job = null;
  page.example = "";
  page.columns = {};
  forget();
  page.files.clear();
  setBusy(false);
  hideAll();
}

function hideAll() {
  for (const id of ["preview", "known", "result"]) byId(id).hidden = true;
  byId("failure").replaceChildren();
  clearPreview();
  tell("");
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
  await preview();
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
  page.example = "";
  page.sending += 1;
  showFiles();
  try {
    await upload(`jobs/${id}/files/${role}?name=${encodeURIComponent(file.name)}`, file, (share) => {
      entry.share = share;
      const bar = byId(`share-${role}`);
      if (bar) bar.value = share;
    });
    entry.share = null;
    await rememberGalaxy();
  } catch (error) {
    if (page.files.get(role) === entry) page.files.delete(role);
    throw error;
  } finally {
    page.sending -= 1;
    showFiles();
  }
}

function takeFiles(files) {
  page.files.clear();
  for (const [role, file] of Object.entries(files)) page.files.set(role, { ...file, roles: [], share: null });
  showFiles();
}

async function takeExample(name) {
  const { files, values } = await request("POST", `jobs/${await job()}/example/${name}`);
  page.example = name;
  takeFiles(files);
  return values;
}

async function useExample(name) {
  await startAnew();
  fillForm(await takeExample(name));
  await preview();
}

async function startAnew() {
  const old = page.job;
  forgetGalaxy();
  byId("form").reset();
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
  page.example = "";
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

function previewSoon() {
  clearTimeout(page.waiting);
  if (page.files.size) page.waiting = setTimeout(() => guarded(preview), PREVIEW_AFTER_MS);
}

async function preview() {
  clearTimeout(page.waiting);
  if (page.sending || page.busy) return;
  hideResult();
  if (!page.files.size) {
    hideAll();
    return;
  }
  await rememberGalaxy();
  await look();
}

async function look() {
  page.looks += 1;
  const looks = page.looks;
  byId("preview").hidden = byId("known").hidden = false;
  byId("preview-state").textContent = "reading …";
  try {
    const found = await request("POST", `jobs/${await job()}/preview`, settings());
    if (looks !== page.looks) return;
    showPreview(found, chooseColumn);
    byId("preview-state").textContent = "read"; // for those who hear the page
  } catch (error) {
    if (looks !== page.looks) return;
    byId("preview-state").textContent = "";
    if (error instanceof Gone) throw error;
    showPreviewError(error.message);
  }
}

// what stands there would be the answer to other settings
function hideResult() {
  byId("result").hidden = true;
  byId("failure").replaceChildren();
  tell("");
}

function chooseColumn(quantity, column) {
  page.columns = { ...page.columns, [quantity]: column };
  guarded(preview);
}

async function infer() {
  if (page.busy || page.sending) return;
  clearTimeout(page.waiting);
  hideResult();
  await follow(async (id) => {
    await rememberGalaxy();
    return request("POST", `jobs/${id}/infer`, settings());
  }, { focus: true });
}

async function stop() {
  page.turn += 1;
  setBusy(false);
  hideResult();
  byId("infer").focus();
  tell("Stopped. The files are still there.");
  await request("DELETE", `jobs/${await job()}/infer`);
}

// follow an inference from its first state to its answer
async function follow(begin, { focus }) {
  page.turn += 1;
  const turn = page.turn;
  let shown = 0;
  setBusy(true);
  try {
    const id = await job();
    let state = await begin(id);
    while (turn === page.turn && (state.state === "waiting" || state.state === "running")) {
      showStage(state);
      if (state.result) shown = showAnswer(id, state, { focus, shown });
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
      if (turn === page.turn) state = await patiently(() => request("GET", `jobs/${id}`), () => turn === page.turn);
    }
    if (turn !== page.turn) return;
    if (state.state === "open") throw new Error("the inference was stopped.");
    if (state.state !== "done") throw new Error(state.message);
    tell(`Done in ${state.seconds.toFixed(1)} s.`);
    showAnswer(id, state, { focus, shown });
  } catch (error) {
    if (turn !== page.turn) return;
    hideResult();
    byId("failure").replaceChildren(notice(sentence(error.message), true));
    if (error instanceof Gone) {
      forgetGalaxy();
      say(error.message);
    }
  } finally {
    if (turn === page.turn) setBusy(false);
  }
}

// a server that is away for a moment, or a phone that was asleep, costs nothing
async function patiently(ask, wanted) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable) || performance.now() > end || !wanted()) throw error;
      tell("The server does not answer, trying again …");
      await new Promise((done) => setTimeout(done, 5 * ASK_EVERY_MS));
    }
  }
}

function tell(text, seconds) {
  if (byId("status").textContent !== text) byId("status").textContent = text; // which is read aloud
  byId("clock").textContent = seconds === undefined ? "" : `${Math.round(seconds)} s`;
}

function showStage({ state, phase, seconds }) {
  const now = state === "waiting" ? -1 : Math.max(0, page.about.stages.indexOf(phase));
  [...byId("stages").children].forEach((item, i) => {
    item.className = i < now ? "past" : i === now ? "now" : "";
    if (i === now) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
  tell(state === "waiting" ? `${sentence(phase)} …` : `${STAGES[page.about.stages[now]]} …`, seconds);
}

// the number of steps of the answer that are shown: the masses, their limits, the files
function showAnswer(id, { state, phase, result }, { focus, shown }) {
  const step = state === "done" ? page.about.stages.length : page.about.stages.indexOf(phase);
  if (step === shown) return shown;
  const names = [...page.files.values()].map((file) => file.name).join(", ");
  const more = { example: page.example, files: page.example ? "" : names, version: page.about.version };
  const made = { ...fields(), n_draws: String(result.n_draws), seed: String(result.seed) };
  showResult(id, result, {
    complete: state === "done",
    link: linkOf(location.origin + location.pathname, made, page.columns, more),
    linkNote: page.example
      ? "It opens the example with these settings, draws and seed, and infers again."
      : `It holds the settings, the draws and the seed. The files are not in it: whoever opens it adds ${names}.`,
  });
  if (!shown && focus) {
    byId("result").focus({ preventScroll: true });
    byId("result").scrollIntoView({ block: "start" });
  }
  return step;
}

function setBusy(busy) {
  const button = busy ? byId("stop") : byId("infer");
  const focused = document.activeElement === (busy ? byId("infer") : byId("stop")) || byId("form").contains(document.activeElement);
  page.busy = busy;
  byId("infer").hidden = byId("chooser").disabled = busy;
  byId("stop").hidden = byId("stages").hidden = !busy;
  setFormDisabled(busy);
  for (const picker of byId("columns").querySelectorAll("select")) picker.disabled = busy;
  for (const example of byId("examples").children) example.disabled = busy;
  if (focused) button.focus();
  showFiles();
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
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(infer);
});
byId("stop").addEventListener("click", () => guarded(stop));
byId("anew").addEventListener("click", () => guarded(async () => {
  await startAnew();
  byId("chooser").focus();
}));
window.addEventListener("hashchange", () => guarded(openLink));
guarded(start);
