// One card a preset: findings ranked, with score, probability and decision apart.

import { $, element } from "./dom.js";

const NAMES = { chexnet: "CheXNet", tchexnet: "tCheXNet" };

/** `results`: the answers so far, or null for one that is awaited. `pick(preset, label)` chooses a heatmap. */
export function cards(presets, results, chosen, truth, pick, about) {
  $("cards").classList.toggle("full", results.some((result) => result?.probabilities));
  $("cards").replaceChildren(...presets.map((preset, i) => card(preset, results[i], chosen, truth, pick, about)));
}

function card(preset, result, chosen, truth, pick, about) {
  const size = `${preset.labels.length} finding${preset.labels.length > 1 ? "s" : ""}, ${preset.size} px`;
  return element("article", { class: "card", "aria-label": preset.name },
    element("header", {},
      element("h2", {}, NAMES[preset.name] ?? preset.name),
      element("small", {}, size),
      element("button", { type: "button", click: () => about(preset), "aria-label": `Model card of ${preset.name}` }, "Card")),
    table(preset, result, chosen, truth, pick),
    footer(result));
}

function table(preset, result, chosen, truth, pick) {
  const scores = result?.scores ?? {};
  const labels = [...preset.labels].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const columns = { truth: truth && labels.some((label) => label in truth), probability: result?.probabilities, decision: result?.decisions };
  const heads = ["Finding", columns.truth && "Truth", "Score", columns.probability && "Probability", columns.decision && "Decision"];
  return element("table", {},
    element("caption", { class: "unseen" }, `Findings of ${preset.name}, highest score first`),
    element("thead", {}, element("tr", {}, ...heads.filter(Boolean).map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...labels.map((label) => row(preset, label, result, columns, chosen, truth, pick))));
}

function row(preset, label, result, columns, chosen, truth, pick) {
  const mine = chosen?.preset === preset.name && chosen.label === label;
  const button = element("button", {
    class: "pick", type: "button", "aria-pressed": String(mine), "data-label": label, "data-preset": preset.name,
    title: "Heatmap", click: () => pick(preset.name, label),
  }, label.replaceAll("_", " "));
  return element("tr", { class: mine ? "chosen" : undefined },
    element("th", { scope: "row" }, button),
    columns.truth ? element("td", {}, said(truth[label])) : null,
    element("td", {}, score(result?.scores[label])),
    columns.probability ? element("td", {}, percent(result.probabilities[label])) : null,
    columns.decision ? element("td", {}, ...decision(result.decisions[label])) : null);
}

function score(value) {
  if (value === undefined) return "–";
  const filled = element("i");
  filled.style.width = `${100 * value}%`;
  return element("div", { class: "score" }, shown(value), element("span", { "aria-hidden": "true" }, filled));
}

const shown = (value) => (value > 0 && value < 0.0005 ? "< 0.001" : value.toFixed(3));

const percent = (value) => (value === undefined ? "–" : `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`);

function decision(found) {
  if (!found) return ["–"];
  return [
    element("span", { class: found.positive ? "yes" : "no" }, found.positive ? "positive" : "negative"),
    element("small", { class: "point" }, `${found.positive ? "≥" : "<"} ${percent(found.threshold)}, ${found.point}`),
  ];
}

function said(value) {
  if (value === undefined || value === null) return "";
  return element("span", { class: value ? "truth present" : "truth" }, value ? "present" : "absent");
}

function footer(result) {
  if (!result || (result.probabilities && result.decisions)) return null;
  const lacks = [!result.probabilities && "probabilities (it is not calibrated)", !result.decisions && "decisions (it has no operating point)"];
  return element("footer", {}, `Scores only. This preset gives no ${lacks.filter(Boolean).join(" and no ")}.`);
}
