// Mouse, fingers and keys on the viewer.

const STEP = 40; // CSS pixels an arrow key pans

export function hands(viewer, tool) {
  pointers(viewer, tool);
  viewer.canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015));
    viewer.zoomTo(viewer.zoom * factor, event.offsetX, event.offsetY);
  }, { passive: false });
  viewer.canvas.addEventListener("dblclick", () => viewer.fit());
  viewer.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
}

function pointers(viewer, tool) {
  const { canvas } = viewer;
  const down = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY, pans: tool() === "pan" || event.shiftKey || event.button > 0 });
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = down.get(event.pointerId);
    if (!last) return;
    const dx = event.offsetX - last.x, dy = event.offsetY - last.y;
    if (down.size === 2) pinch(viewer, down, event, dx, dy);
    else if (last.pans) viewer.pan(dx, dy);
    else drag(viewer, dx, dy);
    last.x = event.offsetX;
    last.y = event.offsetY;
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => down.delete(event.pointerId));
}

/** As on a workstation: across changes the width, up and down the level; brighter is up. */
function drag(viewer, dx, dy) {
  const { level, width } = viewer.window;
  const reach = 1.5 * Math.max(width, 0.05) / viewer.canvas.clientWidth;
  viewer.setWindow({ width: width + dx * reach, level: level + dy * reach });
}

function pinch(viewer, down, event, dx, dy) {
  const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
  const mine = down.get(event.pointerId);
  const distance = (p, q) => Math.max(1, Math.hypot(p.x - q.x, p.y - q.y));
  const now = { x: event.offsetX, y: event.offsetY };
  viewer.zoomTo(viewer.zoom * distance(now, other) / distance(mine, other), (now.x + other.x) / 2, (now.y + other.y) / 2);
  viewer.pan(dx / 2, dy / 2);
}

/** What a key does to the view, or undefined. */
export function key(viewer, event) {
  const { level, width, inverted } = viewer.window;
  const arrows = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
  if (event.shiftKey && arrows[event.key]) return () => viewer.pan(...arrows[event.key]);
  return {
    "+": () => viewer.zoomTo(viewer.zoom * 1.2),
    "=": () => viewer.zoomTo(viewer.zoom * 1.2),
    "-": () => viewer.zoomTo(viewer.zoom / 1.2),
    "0": () => viewer.fit(),
    "1": () => viewer.native(),
    "[": () => viewer.setWindow({ width: width / 1.1 }),
    "]": () => viewer.setWindow({ width: width * 1.1 }),
    ",": () => viewer.setWindow({ level: level - 0.02 }),
    ".": () => viewer.setWindow({ level: level + 0.02 }),
    i: () => viewer.setWindow({ inverted: !inverted }),
    a: () => viewer.auto(),
    r: () => viewer.reset(),
  }[event.key];
}
