// What happened to containers, newest on top, and what happens now.
import { containerLink, element } from "./text.js";

const KEPT = 500;
const SAID = {
  creation: "created", deletion: "ended", oom: "out of memory: its limit was hit", oom_kill: "a process was killed for lack of memory",
};

export class Events {
  constructor(base) {
    this.base = base;
    this.status = element("p", { class: "sub", role: "status" }, "Waiting for events.");
    this.body = element("tbody");
    const head = element("tr", {}, ...["When", "Container", "What"].map((text) => element("th", { scope: "col" }, text)));
    this.element = element("section", { "aria-label": "Events" }, this.status,
      element("div", { class: "w" }, element("table", {}, element("thead", {}, head), this.body)));
  }

  start() {
    this.source = new EventSource(`${this.base}/api/v1/events?format=sse&since=-24h`);
    const take = (event) => this.take(JSON.parse(event.data));
    this.source.addEventListener("event", take);
    this.source.addEventListener("error", () => {
      this.status.textContent = "The exporter does not answer; trying again.";
    });
  }

  stop() {
    this.source?.close();
  }

  take(event) {
    const details = [SAID[event.type] ?? event.type];
    if (event.exit_code !== undefined) details.push(`exit code ${event.exit_code}`);
    if (event.process) details.push(`${event.process} (${event.pid})`);
    if (event.limited && event.limited !== event.cgroup) details.push(`by the limit of ${event.limited}`);
    const line = element("tr", { class: event.type.startsWith("oom") ? "alarm" : "" },
      element("td", {}, new Date(event.timestamp).toLocaleString([], { hour12: false })),
      element("td", {}, element("a", { href: containerLink(event.cgroup) }, event.display ?? event.cgroup)),
      element("td", {}, details.join(", ")));
    this.body.prepend(line);
    while (this.body.children.length > KEPT) this.body.lastElementChild.remove();
    this.status.textContent = `${this.body.children.length} events of the last 24 hours`;
  }
}
