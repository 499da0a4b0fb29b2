// The page of a forecast: a form, and the answer of the server as sentences, tables and a figure.

import { request, Gone } from "./api.js";
import { byId, make, notice } from "./dom.js";

let job = null;

function fields() {
  return Object.fromEntries([...byId("form").querySelectorAll("input[name]")].map((input) => [input.name, input.value.trim()]));
}

async function ask(plan) {
  job ??= (await request("POST", "jobs")).id;
  return request("POST", `jobs/${job}/forecast`, plan);
}

async function answerTo(plan) {
  try {
    return await ask(plan);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    job = null; // removed after a while without requests
    return ask(plan);
  }
}

function tableOf({ head, rows, caption }) {
  const line = (cells, tag) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
  const table = make("table", {}, make("caption", {}, caption), make("thead", {}, line(head, "th")), make("tbody", {}, ...rows.map((row) => line(row, "td"))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

function show(found) {
  byId("planned").textContent = found.planned;
  byId("expectation").textContent = found.expectation;
  byId("scope").textContent = found.scope;
  byId("tables").replaceChildren(...found.tables.map(tableOf));
  byId("notices").replaceChildren(...found.warnings.map((text) => notice(text)));
  byId("figure").hidden = !found.figure;
  if (found.figure) {
    byId("drawing").src = found.figure;
    byId("drawing").alt = `Widths against each observable. ${found.expectation}`;
  }
  byId("answer").hidden = false;
  byId("answer").focus();
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("failure").replaceChildren();
  byId("ask").disabled = true;
  byId("status").textContent = "Mock galaxies are observed as planned; this takes some ten seconds …";
  try {
    show(await answerTo(fields()));
  } catch (error) {
    byId("answer").hidden = true;
    byId("failure").replaceChildren(notice(error.message, true));
  } finally {
    byId("ask").disabled = false;
    byId("status").textContent = "";
  }
});
