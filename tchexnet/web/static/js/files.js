// Several files: a plain list, in the order in which they came.

import { $, element } from "./dom.js";

export class Files {
  constructor(open) {
    this.cases = [];
    this.open = open;
    this.at = -1;
  }

  set(cases) {
    this.cases = cases;
    $("list").hidden = cases.length < 2;
    $("room").classList.toggle("listed", cases.length > 1);
    this.go(0);
  }

  go(at) {
    if (at < 0 || at >= this.cases.length) return;
    this.at = at;
    this.draw();
    this.open(this.cases[at]);
  }

  move = (by) => this.go(this.at + by);
  page = (by) => this.go(Math.min(this.cases.length - 1, Math.max(0, this.at + 20 * by)));

  draw() {
    const rows = this.cases.map((one, i) =>
      element("tr", { "aria-selected": String(i === this.at), tabindex: i === this.at ? 0 : -1, click: () => this.go(i) },
        element("td", { title: one.name }, element("bdi", {}, one.name))));
    $("list").replaceChildren(
      element("div", { class: "rows" }, element("table", { role: "grid", "aria-label": "Files" }, element("tbody", {}, ...rows))),
      element("div", { class: "pager" }, element("span", {}, `${this.at + 1} of ${this.cases.length}`)));
    $("list").querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }
}
