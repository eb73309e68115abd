// A case: one radiograph, wherever it is. Both kinds answer the same questions.

import { call, form, json } from "./api.js";

/** A file that was dropped or chosen; it is sent anew for each question, since the server keeps nothing. */
export class FileCase {
  constructor(file) {
    this.file = file;
    this.name = file.name;
    this.truth = null;
  }

  radiograph = (signal) => call("/v1/radiograph", { ...form(this.file), signal });
  predict = (preset, heatmap, signal) => json("/v1/predict", { ...form(this.file, { preset, heatmap }), signal });
}

/** A row of the server's worklist. */
export class RowCase {
  constructor({ row, image, truth }) {
    this.row = row;
    this.name = image;
    this.truth = truth;
    this.path = `/v1/worklist/rows/${row}`;
  }

  radiograph = (signal) => call(`${this.path}/radiograph`, { signal });
  predict = (preset, heatmap, signal) => {
    const query = new URLSearchParams({ preset, ...(heatmap && { heatmap }) });
    return json(`${this.path}/predict?${query}`, { signal });
  };
}
