// Numbers as people read them, and elements as text: nothing that comes from a container is ever markup.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value) {
  if (value === null || value === undefined) return "";
  let unit = 0;
  while (value >= 1024 && unit + 1 < UNITS.length) {
    value /= 1024;
    ++unit;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

export function rate(value) {
  return value === null || value === undefined ? "" : `${bytes(value)}/s`;
}

export function cores(value) {
  if (value === null || value === undefined) return "";
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function percent(value) {
  return value === null || value === undefined ? "" : `${(value * 100).toFixed(value >= 0.1 || value === 0 ? 0 : 1)} %`;
}

export function count(value) {
  return value === null || value === undefined ? "" : value.toLocaleString("en");
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

// Where the page shows this control group.
export function containerLink(cgroup) {
  return `#/container${cgroup.split("/").map(encodeURIComponent).join("/")}`;
}

// element("td", {class: "n"}, "text", child): attributes, then children.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}
