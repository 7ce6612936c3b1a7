// The control groups as the kernel nests them, with what each uses, descendants included.
import { bytes, containerLink, cores, element } from "./text.js";

export class Tree {
  constructor(base) {
    this.base = base;
    this.open = new Set();
    this.drawn = false;
    this.status = element("p", { class: "sub", role: "status" }, "Loading.");
    this.place = element("div", { class: "tree" });
    this.element = element("section", { "aria-label": "Control groups" }, this.status, this.place);
  }

  start() {
    this.load();
    this.timer = setInterval(() => this.load(), 5000);
  }

  stop() {
    clearInterval(this.timer);
  }

  async load() {
    try {
      const answer = await fetch(`${this.base}/api/v1/containers?all=true&max_age=5s`);
      if (!answer.ok) throw new Error(answer.statusText);
      const { containers } = await answer.json();
      this.status.textContent = `${containers.length} control groups, read every 5 seconds`;
      this.status.className = "sub";
      this.draw(containers);
    } catch (error) {
      this.status.textContent = `The exporter does not answer: ${error.message}`;
      this.status.className = "sub alarm";
    }
  }

  draw(containers) {
    const nodes = new Map();
    const below = new Map();
    for (const group of containers) {
      nodes.set(group.cgroup, group);
      if (group.cgroup === "/") continue;
      let parent = group.cgroup;
      // A parent that is not shown is passed over.
      do parent = parent.slice(0, parent.lastIndexOf("/")) || "/"; while (parent !== "/" && !containers.some(({ cgroup }) => cgroup === parent));
      below.set(parent, [...(below.get(parent) ?? []), group]);
    }
    // At first all that fits on a screen or two.
    if (!this.drawn) for (const [path, children] of below) if (children.length <= 40 && containers.length <= 200) this.open.add(path);
    if (!this.drawn) this.open.add("/");
    this.drawn = true;
    const focused = document.activeElement?.dataset?.cgroup;
    const root = nodes.get("/");
    this.place.replaceChildren(...(root ? [this.node(root, below, "/")] : (below.get("/") ?? []).map((group) => this.node(group, below, "/"))));
    if (focused) this.place.querySelector(`[data-cgroup="${CSS.escape(focused)}"]`)?.focus();
  }

  node(group, below, parent) {
    const children = below.get(group.cgroup) ?? [];
    const path = group.cgroup === "/" ? "/" : group.cgroup.slice(parent === "/" ? 1 : parent.length + 1);
    const name = group.container ? group.display : path;
    const line = [
      element("a", { href: containerLink(group.cgroup) }, name), " ",
      group.container ? element("span", { class: "tag" }, group.runtime) : "",
      element("span", { class: "use" }, `${cores(group.rates?.cpu_cores)} · ${bytes(group.memory?.working_set ?? group.memory?.usage)}`),
    ];
    if (children.length === 0) return element("div", { class: "leaf" }, ...line);
    const toggled = (event) => (event.target.open ? this.open.add(group.cgroup) : this.open.delete(group.cgroup));
    return element("details", { open: this.open.has(group.cgroup), ontoggle: toggled },
      element("summary", { "data-cgroup": group.cgroup }, ...line), ...children.map((child) => this.node(child, below, group.cgroup)));
  }
}
