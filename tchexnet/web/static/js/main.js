// The room: which case is open, what is known of it, and what each control does.

import { call, json } from "./api.js";
import { cards } from "./cards.js";
import { FileCase } from "./cases.js";
import { $, element, save, say } from "./dom.js";
import { Files } from "./files.js";
import { hands, key } from "./hands.js";
import { markdown } from "./markdown.js";
import { decode } from "./png.js";
import { Viewer } from "./viewer.js";
import { Worklist } from "./worklist.js";

const viewer = new Viewer($("canvas"));
const room = { presets: [], open: null, results: [], chosen: null, heatmaps: new Map(), list: null, tool: "window" };
let errand = new AbortController();
const ready = start();

async function start() {
  const server = await json("/healthz");
  $("privacy").textContent = server.keeps
    ? "This server keeps what it is sent."
    : "It is read by this server and not kept.";
  room.presets = await json("/v1/presets");
  room.list = new Files(open);
  draw();
  if (server.worklist) {
    room.list = new Worklist(open);
    await room.list.start();
  }
}

// A case.

async function open(one) {
  errand.abort();
  errand = new AbortController();
  const { signal } = errand;
  Object.assign(room, { open: one, results: [], chosen: null, heatmaps: new Map() });
  report([]);
  viewer.show(null);
  caption();
  draw();
  $("stage").classList.add("busy");
  say(`Reading ${one.name}`);
  const picture = show(one, signal);
  const readings = room.presets.map((preset, i) => read(one, preset, i, signal));
  const [shown, ...rest] = await Promise.allSettled([picture, ...readings]);
  if (signal.aborted) return;
  $("stage").classList.remove("busy");
  report([shown, ...rest].filter((end) => end.status === "rejected").map((end) => end.reason.message));
  announce();
}

async function show(one, signal) {
  const response = await one.radiograph(signal);
  const image = await decode(await response.arrayBuffer());
  if (signal.aborted) return;
  const about = (name) => response.headers.get(`x-radiograph-${name}`);
  image.about = `${about("size").replace("x", " × ")} px, ${about("bits")} bits, ${about("format")}`;
  viewer.show(image);
  caption();
}

async function read(one, preset, i, signal) {
  const result = await one.predict(preset.name, null, signal);
  if (signal.aborted) return;
  room.results[i] = result;
  draw();
}

/** Problems in plain sight, each once. */
function report(problems) {
  const fill = (box, sentences) => {
    box.replaceChildren(...[...new Set(sentences)].map((sentence) => element("p", {}, sentence)));
    box.hidden = !sentences.length;
  };
  fill($("problem"), problems);
  fill($("warnings"), room.results.filter(Boolean).flatMap((result) => result.warnings));
}

function announce() {
  const highest = room.results.filter(Boolean).map((result) => {
    const [label, score] = Object.entries(result.scores).sort((a, b) => b[1] - a[1])[0];
    return `${result.preset}: highest score ${label.replaceAll("_", " ")}, ${score.toFixed(3)}`;
  });
  if (highest.length) say(`${room.open.name} was read. ${highest.join(". ")}.`);
}

// Heatmaps.

async function pick(preset, label) {
  const same = room.chosen?.preset === preset && room.chosen.label === label;
  room.chosen = same ? null : { preset, label };
  viewer.overlay(null);
  draw();
  if (!room.chosen || !room.open) return;
  const { signal } = errand;
  try {
    $("stage").classList.add("busy");
    const heat = await heatmap(preset, label, signal);
    if (!signal.aborted && room.chosen?.preset === preset && room.chosen.label === label) {
      viewer.overlay(heat.bitmap);
      legend(heat);
      $("stage").scrollIntoView({ block: "nearest" }); // on a phone, the findings stand below it
      say(`Heatmap of ${label.replaceAll("_", " ")} by ${preset}, ${heat.method}`);
    }
  } catch (error) {
    if (!signal.aborted) report([error.message]);
  } finally {
    $("stage").classList.remove("busy");
  }
}

async function heatmap(preset, label, signal) {
  const name = `${preset}/${label}`;
  if (!room.heatmaps.has(name)) {
    const { heatmaps } = await room.open.predict(preset, label, signal);
    const bytes = Uint8Array.from(atob(heatmaps[label].png.split(",")[1]), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    room.heatmaps.set(name, { ...heatmaps[label], bitmap });
  }
  return room.heatmaps.get(name);
}

function legend(heat) {
  const { preset, label } = room.chosen;
  $("legend-text").textContent = `${label.replaceAll("_", " ")}, ${preset}, ${heat.method} ${heat.grid.length} × ${heat.grid.length}`;
  $("legend").hidden = false;
}

// Drawing.

function draw() {
  $("empty").hidden = Boolean(room.open) || room.list instanceof Worklist;
  $("legend").hidden = !room.chosen || !viewer.heat;
  $("opacity").disabled = !room.chosen;
  const kept = document.activeElement?.dataset;
  cards(room.presets, room.results, room.chosen, room.open?.truth, pick, about);
  if (kept?.label) document.querySelector(`.pick[data-label="${CSS.escape(kept.label)}"][data-preset="${CSS.escape(kept.preset)}"]`)?.focus();
  for (const id of ["save-json", "save-png"]) $(id).disabled = !room.results.some(Boolean);
}

function caption() {
  const name = room.open?.name ?? "";
  $("caption").textContent = viewer.image ? `${name}\n${viewer.image.about}` : name;
  viewer.canvas.setAttribute("aria-label", name ? `Radiograph ${name}` : "No radiograph is open");
}

viewer.addEventListener("drawn", () => {
  const { level, width, inverted } = viewer.window;
  const percent = (share) => `${Math.round(100 * share)} %`;
  $("figures").textContent = viewer.image
    ? `Level ${percent(level)}  Width ${percent(width)}${inverted ? "  inverted" : ""}\nZoom ${percent(viewer.scale * devicePixelRatio)}`
    : "";
  $("level").value = 100 * level;
  $("width").value = 100 * width;
  $("zoom").value = Math.log2(viewer.zoom || 1);
  $("invert").setAttribute("aria-pressed", String(inverted));
});

async function about(preset) {
  $("card-title").textContent = `Model card: ${preset.name}`;
  $("card-text").replaceChildren(...markdown(await (await call(`/v1/presets/${preset.name}/card`)).text()));
  $("card").showModal();
}

// Controls.

const on = (id, event, act) => $(id).addEventListener(event, act);

/** Files that were dropped or chosen take the place of what is open, a worklist too. */
async function take(files) {
  const cases = [...files].map((file) => new FileCase(file));
  await ready;
  if (!cases.length) return;
  if (!(room.list instanceof Files)) room.list = new Files(open);
  room.list.set(cases);
}


for (const id of ["open", "open-2"]) on(id, "click", () => $("file").click());
on("file", "change", (event) => { take(event.target.files); event.target.value = ""; });
for (const id of ["sample", "sample-2"]) {
  on(id, "click", async () => take([new File([await (await call("/mean_chest.dcm")).blob()], "mean_chest.dcm")]));
}
function choose(tool) {
  room.tool = tool;
  for (const name of ["window", "pan"]) $(`tool-${name}`).setAttribute("aria-checked", String(name === tool));
  viewer.canvas.classList.toggle("panning", tool === "pan");
}
for (const tool of ["window", "pan"]) on(`tool-${tool}`, "click", () => choose(tool));
on("fit", "click", () => viewer.fit());
on("native", "click", () => viewer.native());
on("auto", "click", () => viewer.auto());
on("invert", "click", () => viewer.setWindow({ inverted: !viewer.window.inverted }));
on("reset", "click", () => viewer.reset());
on("level", "input", (event) => viewer.setWindow({ level: event.target.value / 100 }));
on("width", "input", (event) => viewer.setWindow({ width: event.target.value / 100 }));
on("zoom", "input", (event) => viewer.zoomTo(2 ** event.target.value));
on("opacity", "input", (event) => viewer.setOpacity(event.target.value / 100));
on("keys", "click", () => $("help").showModal());
on("theme", "click", () => {
  const light = document.documentElement.dataset.theme !== "light";
  document.documentElement.dataset.theme = light ? "light" : "dark";
  $("theme").setAttribute("aria-pressed", String(light));
});
on("save-json", "click", () => {
  const found = room.results.filter(Boolean);
  save(new Blob([JSON.stringify(found, null, 2)], { type: "application/json" }), `${room.open.name}.json`);
});
on("save-png", "click", async () => {
  const { preset, label } = room.chosen ?? {};
  const score = room.results.find((result) => result?.preset === preset)?.scores[label];
  const lines = label ? [`${label.replaceAll("_", " ")}: score ${score.toFixed(3)} (${preset}); heatmap shows what moved the score, not where disease is`] : [];
  save(await viewer.picture([...lines, `${room.open.name}. Research use, not a diagnosis. tchexnet`]), `${room.open.name}.view.png`);
});
hands(viewer, () => room.tool);

// Keys work everywhere but where one types or moves a slider.

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, select, textarea")) return;
  const moves = { ArrowUp: () => room.list?.move(-1), ArrowDown: () => room.list?.move(1), PageUp: () => room.list?.page(-1), PageDown: () => room.list?.page(1) };
  const heat = { h: () => { $("opacity").value = viewer.opacity ? 0 : 35; viewer.setOpacity($("opacity").value / 100); }, "?": () => $("help").showModal() };
  const act = key(viewer, event) ?? heat[event.key] ?? (event.shiftKey ? null : moves[event.key]);
  if (!act) return;
  event.preventDefault();
  act();
});

// Dropping.

let depth = 0;
document.addEventListener("dragenter", (event) => { event.preventDefault(); depth++; $("drop").hidden = false; });
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("dragleave", () => { if (!--depth) $("drop").hidden = true; });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  $("drop").hidden = true;
  take(event.dataTransfer.files);
});

ready.catch((error) => report([error.message]));
