// All containers at a glance: how much each uses, how close it is to its limits, sorted and searched as one likes.
import { sparkline } from "./chart.js";
import { Live } from "./live.js";
import { bytes, containerLink, cores, count, element, percent, rate } from "./text.js";

// `of` gives what a column is sorted by; numbers fall, names rise.
const COLUMNS = [
  { id: "name", label: "Name", of: (row) => row.who.display },
  { id: "runtime", label: "Runtime", of: (row) => row.who.runtime },
  { id: "cpu", label: "CPU", of: (row) => row.rates.cpu, number: true, help: "cores used, of those it may use" },
  { id: "memory", label: "Memory", of: (row) => row.values["memory.working_set"], number: true, help: "working set, of the limit" },
  { id: "network", label: "Net in / out", of: (row) => (row.rates.received ?? 0) + (row.rates.sent ?? 0), number: true },
  { id: "io", label: "Disk read / write", of: (row) => (row.rates.read ?? 0) + (row.rates.written ?? 0), number: true },
  { id: "pids", label: "PIDs", of: (row) => row.values["pids.current"], number: true },
  { id: "limit", label: "Closest limit", of: (row) => row.closeness, number: true },
];

// What is left out, in this order, until the rest has room: how long the numbers get, nobody knows before.
const YIELDING = ["runtime", "pids", "io", "network", "spark"];

// More rows than anybody reads would cost the browser more than the host.
const SHOWN = 300;

function gauge(part) {
  const level = part >= 0.95 ? "alarm" : part >= 0.8 ? "warning" : "calm";
  return element("meter", { class: level, min: 0, max: 1, low: 0.8, high: 0.95, optimum: 0, value: Math.min(1, part), "aria-hidden": true });
}

// The limit goes first where there is little room.
function use(used, limit) {
  return limit ? [used || "–", element("span", { class: "of" }, ` / ${limit}`)] : [used];
}

export class List {
  constructor(base, settings) {
    this.base = base;
    this.settings = settings;
    this.lines = new Map();
    this.search = element("input", {
      type: "search", placeholder: "Search: name, runtime, cgroup", "aria-label": "Search containers",
      value: settings.search, oninput: () => this.change({ search: this.search.value }),
    });
    this.everything = element("input", { type: "checkbox", checked: settings.all, onchange: () => this.change({ all: this.everything.checked }) });
    this.summary = element("p", { class: "sub", role: "status" });
    this.heads = new Map(COLUMNS.map((column) => [column.id, this.head(column)]));
    this.body = element("tbody");
    this.frame = element("div", { class: "w" }, element("table", {}, element("thead", {}, element("tr", {}, ...this.heads.values())), this.body));
    this.everyColumn = () => this.leaveOut(0);
    this.element = element("section", { "aria-label": "Containers" },
      element("div", { class: "bar" }, this.search, element("label", {}, this.everything, " every cgroup")),
      this.summary, this.frame);
  }

  head(column) {
    const sort = () => {
      const down = this.settings.sort === column.id ? !this.settings.down : Boolean(column.number);
      this.change({ sort: column.id, down });
    };
    return element("th", { class: column.number ? `n ${column.id}` : column.id, scope: "col" }, element("button", { type: "button", title: column.help, onclick: sort }, column.label));
  }

  change(settings) {
    const again = "all" in settings && settings.all !== this.settings.all;
    Object.assign(this.settings, settings);
    this.settings.save();
    if (again) {
      this.none = false;
      this.restart();
    }
    this.draw();
  }

  start() {
    window.addEventListener("resize", this.everyColumn);
    this.leaveOut(0);
    this.restart();
  }

  leaveOut(count) {
    this.leftOut = count;
    this.frame.setAttribute("data-without", YIELDING.slice(0, count).join(" "));
    this.fit();
  }

  // Only ever fewer, or columns would come and go with the numbers.
  fit() {
    if (this.frame.scrollWidth > this.frame.clientWidth && this.leftOut < YIELDING.length) this.leaveOut(this.leftOut + 1);
  }

  restart() {
    this.live?.stop();
    this.lines.clear();
    const all = this.settings.all || this.none;
    this.live = new Live(this.base, all ? { all: "true" } : {}, () => this.draw());
    this.live.start();
  }

  stop() {
    window.removeEventListener("resize", this.everyColumn);
    this.live?.stop();
  }

  chosen() {
    const words = this.settings.search.toLowerCase().split(/\s+/).filter(Boolean);
    const column = COLUMNS.find(({ id }) => id === this.settings.sort) ?? COLUMNS[0];
    const sign = this.settings.down ? -1 : 1;
    const rows = [...this.live.rows.values()].filter(({ who }) => {
      const text = `${who.display} ${who.name} ${who.id} ${who.runtime} ${who.cgroup}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return rows.sort((a, b) => {
      const [x, y] = [column.of(a), column.of(b)];
      if (x === y) return a.who.display.localeCompare(b.who.display);
      // What nobody knows stands last, however it is sorted.
      if (x === undefined || x === null) return 1;
      if (y === undefined || y === null) return -1;
      return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
    });
  }

  draw() {
    const { live } = this;
    for (const [id, head] of this.heads)
      head.setAttribute("aria-sort", id !== this.settings.sort ? "none" : this.settings.down ? "descending" : "ascending");
    if (live.state === "lost") return this.say("The exporter does not answer; trying again.", "alarm");
    if (!live.at) return this.say("Waiting for the first sample.");
    const rows = this.chosen();
    const used = rows.reduce((sum, row) => sum + (row.rates.cpu ?? 0), 0);
    const few = rows.length > SHOWN ? `; the first ${SHOWN} are shown` : "";
    const what = this.settings.all ? "cgroups" : "containers";
    if (live.rows.size === 0 && !this.none) {
      this.none = true;
      return this.restart();
    }
    if (this.none && !this.settings.all) this.say(`No container runs here; ${rows.length} services and cgroups${few}`);
    else if (this.settings.all) this.say(`${rows.length} of ${live.rows.size} ${what}${few}`);
    else if (rows.every((row) => row.rates.cpu === undefined)) this.say(`${rows.length} of ${live.rows.size} ${what}${few}`);
    else this.say(`${rows.length} of ${live.rows.size} ${what}, ${cores(used)} cores used${few}`);
    const shown = rows.slice(0, SHOWN).map((row) => this.line(row));
    // Only what moved is moved: a focused link keeps the focus.
    shown.forEach((line, i) => {
      if (this.body.children[i] !== line) this.body.insertBefore(line, this.body.children[i] ?? null);
    });
    while (this.body.children.length > shown.length) this.body.lastElementChild.remove();
    this.fit();
  }

  say(text, kind = "") {
    if (this.summary.textContent !== text) this.summary.textContent = text;
    this.summary.className = `sub ${kind}`;
  }

  line(row) {
    let line = this.lines.get(row.who.key);
    if (!line) {
      line = this.newLine();
      this.lines.set(row.who.key, line);
    }
    const { cells, link } = line;
    link.href = containerLink(row.who.cgroup);
    link.textContent = link.title = row.who.display;
    cells.runtime.textContent = row.who.runtime;
    cells.cpu.replaceChildren(...use(cores(row.rates.cpu), row.cpuLimit && cores(row.cpuLimit)));
    cells.memory.replaceChildren(...use(bytes(row.values["memory.working_set"]), row.memoryLimit && bytes(row.memoryLimit)));
    cells.network.textContent = row.rates.received === undefined ? "" : `${rate(row.rates.received)} / ${rate(row.rates.sent)}`;
    cells.io.textContent = row.rates.read === undefined ? "" : `${rate(row.rates.read)} / ${rate(row.rates.written)}`;
    cells.pids.textContent = count(row.values["pids.current"]) + (row.values["pids.limit"] ? ` / ${count(row.values["pids.limit"])}` : "");
    sparkline(line.cpu, row.cpu, row.cpuLimit);
    sparkline(line.memory, row.memory, row.memoryLimit);
    line.closest.replaceChildren(...this.closest(row));
    return line.element;
  }

  closest(row) {
    const said = [];
    if (row.closeness > 0) said.push(gauge(row.closeness), ` ${percent(row.closeness)} `);
    if (row.rates.throttled > 0) said.push(element("span", { class: "tag warning" }, `throttled ${percent(row.rates.throttled)}`));
    if (row.values["memory.events.oom_kill"] > 0)
      said.push(element("span", { class: "tag alarm" }, `${count(row.values["memory.events.oom_kill"])} OOM killed`));
    return said;
  }

  newLine() {
    const link = element("a");
    const cells = Object.fromEntries(["runtime", "cpu", "memory", "network", "io", "pids"].map((id) => [id, element("span")]));
    const cpu = element("canvas", { class: "spark", "aria-hidden": true });
    const memory = element("canvas", { class: "spark", "aria-hidden": true });
    const closest = element("td", { class: "n closest" });
    const made = element("tr", {},
      element("th", { class: "name", scope: "row" }, link), element("td", { class: "runtime" }, cells.runtime),
      element("td", { class: "n" }, cpu, cells.cpu), element("td", { class: "n" }, memory, cells.memory),
      element("td", { class: "n network" }, cells.network), element("td", { class: "n io" }, cells.io),
      element("td", { class: "n pids" }, cells.pids), closest);
    return { element: made, link, cells, cpu, memory, closest };
  }
}
