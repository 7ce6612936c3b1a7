// One container: what it is, and what it did in the last five minutes, second by second.
import { Chart } from "./chart.js";
import { bytes, clock, cores, count, element, percent, rate } from "./text.js";

const SPAN = 300;
// A container that just began is not shown as a dot at the edge of five empty minutes.
const SHORTEST = 30;
// Nothing is read more rarely while its group runs.
const SLOWEST = 10;

// What a chart shows. `of` gives a number of a point, `rate` the growth of one per second.
const CHARTS = [
  { title: "CPU, cores", format: cores, series: [
    { label: "used", color: "--line", rate: (point) => point.cpu?.usage },
    { label: "throttled", color: "--alarm", rate: (point) => point.cpu?.throttled },
    { label: "limit", color: "--limit", dashed: true, of: (now) => (now.cpu?.quota ? now.cpu.quota / now.cpu.period : null), now: true } ] },
  { title: "Memory", format: bytes, marks: "oom_kill", series: [
    { label: "working set", color: "--line", of: (point) => point.memory?.working_set },
    { label: "with cache", color: "--second", of: (point) => point.memory?.usage },
    { label: "limit", color: "--limit", dashed: true, of: (now) => now.memory?.limit, now: true } ] },
  { title: "Network", format: rate, series: [
    { label: "in", color: "--line", rate: (point) => point.network?.rx_bytes },
    { label: "out", color: "--second", rate: (point) => point.network?.tx_bytes } ] },
  { title: "Disk", format: rate, series: [
    { label: "read", color: "--line", rate: (point) => point.io?.read_bytes },
    { label: "write", color: "--second", rate: (point) => point.io?.write_bytes } ] },
  { title: "Pressure: share of the time that somebody waited", format: percent, series: [
    { label: "CPU", color: "--line", rate: (point) => point.pressure?.cpu?.some, slow: true },
    { label: "memory", color: "--alarm", rate: (point) => point.pressure?.memory?.some, slow: true },
    { label: "IO", color: "--second", rate: (point) => point.pressure?.io?.some, slow: true } ] },
  { title: "Processes and threads", format: count, series: [
    { label: "PIDs", color: "--line", of: (point) => point.pids?.current },
    { label: "limit", color: "--limit", dashed: true, of: (now) => now.pids?.limit, now: true } ] },
];

function seconds(point) {
  return Date.parse(point.timestamp) / 1000;
}

// Growth per second between points at which the value moved or was known to stand. `slow` numbers are read every few
// seconds, and stand in the points between as they were; the points of a stream say when they were read, those of the
// history do not.
export function growth(points, of, slow = false) {
  const made = [];
  let before;
  for (const point of points) {
    const value = of(point);
    if (value === null || value === undefined) continue;
    const stamp = slow && point.sampled_at_warm;
    const at = stamp ? Date.parse(stamp) / 1000 : seconds(point);
    if (before && at <= before.at) continue;
    if (before && slow && !stamp && value === before.value && at - before.at < SLOWEST) continue;
    if (before) made.push([at, Math.max(0, value - before.value) / (at - before.at)]);
    before = { at, value };
  }
  return made;
}

export class Detail {
  constructor(base, cgroup) {
    this.base = base;
    this.cgroup = cgroup;
    this.points = [];
    this.oom = [];
    this.title = element("h2", {}, cgroup);
    this.facts = element("dl", { class: "facts" });
    this.status = element("p", { class: "sub", role: "status" }, "Loading.");
    const cursors = { charts: [], at: undefined };
    this.charts = CHARTS.map((chart) => {
      const canvas = element("canvas", { class: "chart", role: "img", "aria-label": chart.title });
      const figure = element("figure", {}, element("figcaption", {}, chart.title, this.legend(chart)), canvas);
      return { ...chart, figure, chart: new Chart(canvas, chart.format, cursors) };
    });
    this.element = element("section", { "aria-label": "Container" },
      element("p", {}, element("a", { href: "#/" }, "← all containers")), this.title, this.status, this.facts,
      element("div", { class: "charts" }, ...this.charts.map(({ figure }) => figure)),
      element("p", {}, element("a", { href: `${base}/containers${cgroup.split("/").map(encodeURIComponent).join("/")}` }, "every number"), ", ",
        element("a", { href: this.address("history=5m") }, "as JSON")));
    this.redraw = () => this.draw();
  }

  legend({ series }) {
    return element("span", { class: "legend" }, ...series.map(({ label, color }) => element("span", { class: color.slice(2) }, label)));
  }

  address(query) {
    return `${this.base}/api/v1/containers/${encodeURIComponent(this.cgroup)}?${query}`;
  }

  async start() {
    window.addEventListener("resize", this.redraw);
    const answer = await fetch(this.address("history=5m"));
    if (!answer.ok) {
      const { message } = await answer.json().catch(() => ({ message: answer.statusText }));
      this.status.textContent = message;
      this.status.className = "sub alarm";
      return;
    }
    const { history = [], ...now } = await answer.json();
    this.points = history;
    this.take(now, Date.now());
    if (this.stopped) return;
    const query = new URLSearchParams({ all: "true", cgroup: this.cgroup, format: "sse" });
    this.source = new EventSource(`${this.base}/api/v1/stream?${query}`);
    this.source.addEventListener("snapshot", (event) => {
      const { containers, timestamp } = JSON.parse(event.data);
      const found = containers.find(({ cgroup }) => cgroup === this.cgroup);
      if (found) this.take({ ...found, timestamp }, Date.parse(timestamp));
      else this.ended();
    });
    this.source.addEventListener("error", () => {
      this.status.textContent = "The exporter does not answer; trying again.";
      this.status.className = "sub alarm";
    });
  }

  stop() {
    this.stopped = true;
    this.source?.close();
    window.removeEventListener("resize", this.redraw);
  }

  ended() {
    this.status.textContent = "It has ended; what it did until then is below.";
    this.status.className = "sub warning";
  }

  take(now, at) {
    if (now.timestamp) this.points.push(now);
    this.now = now;
    const begin = at / 1000 - SPAN;
    this.points = this.points.filter((point) => seconds(point) >= begin - 15);
    this.title.textContent = now.display;
    this.status.textContent = `at ${clock(at / 1000)}`;
    this.status.className = "sub";
    this.describe(now);
    this.end = at / 1000;
    this.draw();
  }

  describe(now) {
    const facts = {
      Image: now.image, Runtime: now.runtime, Id: now.id, "Control group": now.cgroup,
      Pod: now.pod && `${now.pod.namespace}/${now.pod.name}`,
      Compose: now.compose && `${now.compose.project} / ${now.compose.service}`,
      Started: now.started ?? now.created, Health: now.health !== "none" && now.health,
      Restarts: now.restart_count > 0 && now.restart_count, "OOM kills": now.memory?.events?.oom_kill,
      "Throttled periods": now.cpu?.periods > 0 && percent((now.cpu.throttled_periods ?? 0) / now.cpu.periods),
    };
    const said = Object.entries(facts).filter(([, value]) => value !== undefined && value !== false && value !== "" && value !== null);
    const text = JSON.stringify(said);
    if (text === this.said) return;
    this.said = text;
    this.facts.replaceChildren(...said.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
  }

  draw() {
    if (!this.now) return;
    const first = this.points.length > 0 ? seconds(this.points[0]) : this.end;
    const begin = Math.max(this.end - SPAN, Math.min(first, this.end - SHORTEST));
    const kills = [];
    this.points.reduce((before, point) => {
      const value = point.memory?.events?.oom_kill;
      if (value === undefined) return before;
      if (before !== undefined && value > before) kills.push(seconds(point));
      return value;
    }, undefined);
    for (const { series, chart, marks } of this.charts) {
      const lines = series.map(({ label, color, dashed, of, rate: counter, now, slow }) => ({
        label, color, dashed,
        values: now ? this.level(of(this.now), begin) : counter ? growth(this.points, counter, slow)
          : this.points.map((point) => [seconds(point), of(point) ?? null]),
      }));
      chart.show(lines.filter(({ values }) => values.length > 0), begin, this.end, marks ? kills : []);
    }
  }

  level(value, begin) {
    return value === null || value === undefined ? [] : [[begin, value], [this.end, value]];
  }
}
