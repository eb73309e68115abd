// The server's worklist: it sorts, filters and cuts pages; the page shows one of them.

import { json } from "./api.js";
import { RowCase } from "./cases.js";
import { $, element } from "./dom.js";

const LIMIT = 100;
const NUMBER = (value) => (value === null || value === undefined ? "" : value.toFixed(3));

export class Worklist {
  constructor(open) {
    this.open = open;
    this.query = { finding: "", sort: "score", descending: true, truth: "any", low: "", high: "", text: "", offset: 0 };
    this.rows = [];
    this.total = 0;
    this.at = -1;
  }

  async start() {
    this.about = await json("/v1/worklist");
    this.query.finding = this.about.findings[0];
    $("list").hidden = false;
    $("room").classList.add("listed");
    this.body = element("tbody");
    this.count = element("span", { "aria-live": "polite" });
    const filter = element("details", { open: matchMedia("(min-width: 1000px)").matches },
      element("summary", {}, "Finding and filters"), this.controls());
    $("list").replaceChildren(filter, element("div", { class: "rows" }, this.table()), this.pager());
    await this.load();
    if (this.rows.length) this.go(0);
  }

  async load() {
    this.asked?.abort();
    this.asked = new AbortController();
    const query = new URLSearchParams({ ...this.query, limit: LIMIT });
    for (const name of ["low", "high", "text"]) if (!this.query[name]) query.delete(name);
    try {
      const page = await json(`/v1/worklist/rows?${query}`, { signal: this.asked.signal });
      Object.assign(this, { rows: page.rows, total: page.total, at: -1 });
      this.draw();
    } catch (error) {
      if (error.name !== "AbortError") this.count.textContent = error.message;
    }
  }

  change(part) {
    Object.assign(this.query, { offset: 0 }, part);
    return this.load();
  }

  go(at) {
    if (at < 0 || at >= this.rows.length) return;
    this.at = at;
    this.draw();
    this.open(new RowCase(this.rows[at]));
  }

  /** The next or previous case, across pages. */
  async move(by) {
    const to = this.at + by;
    if (to >= 0 && to < this.rows.length) return this.go(to);
    if (await this.page(by)) this.go(by > 0 ? 0 : this.rows.length - 1);
  }

  async page(by) {
    const offset = this.query.offset + by * LIMIT;
    if (offset < 0 || offset >= this.total) return false;
    this.query.offset = offset;
    await this.load();
    return true;
  }

  // Elements.

  controls() {
    const select = (name, title, options) =>
      element("select", { "aria-label": title, change: (event) => this.change({ [name]: event.target.value }) },
        ...options.map(([value, text]) => element("option", { value }, text)));
    const input = (name, properties) => {
      let later;
      return element("input", { ...properties, input: (event) => {
        clearTimeout(later);
        later = setTimeout(() => this.change({ [name]: event.target.value.trim() }), 200);
      } });
    };
    const range = { type: "number", min: 0, max: 1, step: 0.01 };
    return element("form", { role: "search", submit: (event) => event.preventDefault() },
      element("label", { class: "wide" }, "Finding", select("finding", "Finding", this.about.findings.map((name) => [name, name.replaceAll("_", " ")]))),
      this.about.truth
        ? element("label", { class: "wide" }, "Truth", select("truth", "Truth", [["any", "any"], ["present", "present"], ["absent", "absent"], ["unknown", "not known"]]))
        : null,
      element("label", {}, "Score from", input("low", { ...range, placeholder: "0" })),
      element("label", {}, "to", input("high", { ...range, placeholder: "1" })),
      element("label", { class: "wide" }, "Name contains", input("text", { type: "search" })));
  }

  table() {
    const columns = [["name", "Radiograph"], ["score", "Score"], ...(this.about.truth ? [["truth", "Truth"], ["error", "Error"]] : [])];
    this.heads = columns.map(([name, text]) => {
      const title = name === "error" ? "distance of the score from the truth" : undefined;
      const head = element("th", { scope: "col", title }, element("button", { type: "button", click: () => this.sort(name) }, text));
      head.dataset.sort = name;
      return head;
    });
    return element("table", { role: "grid", "aria-label": "Worklist" }, element("thead", {}, element("tr", {}, ...this.heads)), this.body);
  }

  sort(name) {
    const descending = this.query.sort === name ? !this.query.descending : name !== "name";
    return this.change({ sort: name, descending });
  }

  pager() {
    return element("div", { class: "pager" },
      element("button", { type: "button", "aria-label": "Page before", click: () => this.page(-1) }, "‹"),
      this.count,
      element("button", { type: "button", "aria-label": "Page after", click: () => this.page(1) }, "›"));
  }

  draw() {
    for (const head of this.heads) {
      const mine = head.dataset.sort === this.query.sort;
      head.setAttribute("aria-sort", mine ? (this.query.descending ? "descending" : "ascending") : "none");
    }
    const truth = (value) => (value === null ? "" : value ? "present" : "absent");
    this.body.replaceChildren(...this.rows.map((row, i) =>
      element("tr", { "aria-selected": String(i === this.at), tabindex: i === Math.max(0, this.at) ? 0 : -1,
        click: () => this.go(i), keydown: (event) => { if (event.key === "Enter") this.go(i); } },
        element("td", { title: row.image }, element("bdi", {}, row.image)),
        element("td", {}, NUMBER(row.score)),
        ...(this.about.truth ? [element("td", {}, truth(row.truth[this.query.finding] ?? null)), element("td", {}, NUMBER(row.error))] : []))));
    const first = this.total ? this.query.offset + 1 : 0;
    const number = (value) => value.toLocaleString("en");
    this.count.textContent = `${number(first)}–${number(this.query.offset + this.rows.length)} of ${number(this.total)}`;
    this.body.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }
}
