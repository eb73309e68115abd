// A model card's Markdown: headings, paragraphs, lists, tables, code. Links show their text; nothing becomes raw HTML.

import { element } from "./dom.js";

export function markdown(text) {
  const lines = text.split("\n");
  const made = [];
  while (lines.length) made.push(block(lines));
  return made.filter(Boolean);
}

function block(lines) {
  const line = lines.shift();
  const heading = line.match(/^(#+) (.*)/);
  if (!line.trim()) return null;
  if (heading) return element(heading[1].length < 3 ? "h3" : "h4", {}, ...spans(heading[2]));
  if (line.startsWith("```")) return element("pre", {}, take(lines, (next) => !next.startsWith("```"), true).join("\n"));
  if (line.startsWith("|")) return table([line, ...take(lines, (next) => next.startsWith("|"))]);
  if (/^[-*] /.test(line)) return list([line, ...take(lines, (next) => /^([-*] |  )/.test(next))]);
  return element("p", {}, ...spans([line, ...take(lines, (next) => next.trim() && !/^(#|\||```|[-*] )/.test(next))].join(" ")));
}

function take(lines, fits, dropNext = false) {
  const taken = [];
  while (lines.length && fits(lines[0])) taken.push(lines.shift());
  if (dropNext) lines.shift();
  return taken;
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    if (/^[-*] /.test(line)) items.push(line.slice(2));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return element("ul", {}, ...items.map((item) => element("li", {}, ...spans(item))));
}

function table(lines) {
  const cells = (line) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const [head, , ...rows] = lines;
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells(head).map((cell) => element("th", {}, ...spans(cell))))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row).map((cell) => element("td", {}, ...spans(cell)))))));
}

function spans(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]*\]\([^)]*\))/).map((part) => {
    if (part.startsWith("`")) return element("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return element("strong", {}, part.slice(2, -2));
    return part.replace(/^\[([^\]]*)\]\([^)]*\)$/, "$1");
  });
}
