// Elements without a template language. Text is always text: nothing from a file or a server becomes markup.

export const $ = (id) => document.getElementById(id);

/** element("td", {class: "no"}, "text", child, ...); a property that is a function listens. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export const say = (sentence) => { $("status").textContent = sentence; };
