// What runs now, second by second: the columns of /api/v1/stream as rows with rates.
// docs/api.md, "Stream", says what the frames are.

const FIELDS = [
  "cpu.usage", "cpu.quota", "cpu.period", "cpu.periods", "cpu.throttled_periods",
  "memory.working_set", "memory.limit", "memory.events.oom_kill",
  "network.rx_bytes", "network.tx_bytes", "io.read_bytes", "io.write_bytes",
  "pids.current", "pids.limit",
];

// Points of a sparkline: two minutes of seconds.
const KEPT = 120;
// Rows whose past is asked for when somebody looks; the others grow theirs.
const SEEDED = 50;

function known(value) {
  return value !== null && value !== undefined;
}

class Row {
  constructor(who) {
    this.who = who;
    this.values = {};
    this.rates = {};
    this.cpu = [];
    this.memory = [];
  }

  // `seconds` since the frame before: a row that is not in a frame did not move in it.
  take(fields, numbers, seconds) {
    const before = this.values;
    this.values = Object.fromEntries(fields.map((field, i) => [field, numbers[i]]));
    const rate = (field) => {
      if (!seconds || !known(before[field]) || !known(this.values[field])) return undefined;
      // A counter that went back began anew.
      return Math.max(0, this.values[field] - before[field]) / seconds;
    };
    const periods = (this.values["cpu.periods"] ?? 0) - (before["cpu.periods"] ?? 0);
    const throttled = (this.values["cpu.throttled_periods"] ?? 0) - (before["cpu.throttled_periods"] ?? 0);
    this.rates = {
      cpu: rate("cpu.usage"),
      received: rate("network.rx_bytes"),
      sent: rate("network.tx_bytes"),
      read: rate("io.read_bytes"),
      written: rate("io.write_bytes"),
      throttled: seconds && periods > 0 ? throttled / periods : 0,
    };
  }

  rest() {
    for (const name of Object.keys(this.rates)) if (known(this.rates[name])) this.rates[name] = 0;
  }

  // What was kept of it before somebody looked: points as /api/v1/containers/REF?history= has them.
  seed(points) {
    const cpu = [];
    const memory = [];
    let before;
    for (const { timestamp, ...point } of points) {
      const at = Date.parse(timestamp) / 1000;
      const usage = point.cpu?.usage;
      // A point stands until the next one: what did not move was not kept again.
      const steps = before ? Math.max(1, Math.min(KEPT, Math.round(at - before.at))) : 1;
      const rate = before && known(usage) && known(before.usage) ? Math.max(0, usage - before.usage) / Math.max(at - before.at, 1) : null;
      for (let i = 0; i < steps; ++i) {
        cpu.push(rate);
        memory.push(point.memory?.working_set ?? null);
      }
      before = { at, usage };
    }
    this.cpu = [...cpu, ...this.cpu].slice(-KEPT);
    this.memory = [...memory, ...this.memory].slice(-KEPT);
  }

  keep() {
    this.cpu.push(this.rates.cpu ?? null);
    this.memory.push(this.values["memory.working_set"] ?? null);
    if (this.cpu.length > KEPT) this.cpu.shift();
    if (this.memory.length > KEPT) this.memory.shift();
  }

  // CPUs it may use; undefined: as many as there are.
  get cpuLimit() {
    const quota = this.values["cpu.quota"];
    const period = this.values["cpu.period"];
    return known(quota) && known(period) ? quota / period : undefined;
  }

  get memoryLimit() {
    return this.values["memory.limit"] ?? undefined;
  }

  // How close to a limit, 0 to 1 and more; 0 where there is none.
  get closeness() {
    const parts = [
      this.memoryLimit && known(this.values["memory.working_set"])
        ? this.values["memory.working_set"] / this.memoryLimit : 0,
      this.cpuLimit && known(this.rates.cpu) ? this.rates.cpu / this.cpuLimit : 0,
      this.values["pids.limit"] ? (this.values["pids.current"] ?? 0) / this.values["pids.limit"] : 0,
    ];
    return Math.max(...parts);
  }
}

export class Live {
  constructor(base, selection, changed) {
    this.base = base;
    this.selection = selection;
    this.changed = changed;
    this.rows = new Map();
    this.state = "connecting";
  }

  start() {
    const query = new URLSearchParams(this.selection);
    query.set("fields", FIELDS.join(","));
    query.set("format", "sse");
    this.source = new EventSource(`${this.base}/api/v1/stream?${query}`);
    this.source.addEventListener("open", () => this.say("live"));
    this.source.addEventListener("error", () => this.say("lost"));
    for (const name of ["snapshot", "changes"])
      this.source.addEventListener(name, (event) => this.take(JSON.parse(event.data)));
  }

  stop() {
    this.source?.close();
  }

  say(state) {
    this.state = state;
    this.changed(this);
  }

  take(frame) {
    const at = Date.parse(frame.timestamp) / 1000;
    const seconds = this.at ? at - this.at : 0;
    this.at = at;
    this.fields = frame.fields ?? this.fields;
    if (frame.containers) this.list(frame.containers);
    const moved = new Set();
    for (const [key, ...numbers] of frame.values) {
      moved.add(key);
      this.rows.get(key)?.take(this.fields, numbers, seconds);
    }
    for (const [key, row] of this.rows) {
      if (!moved.has(key)) row.rest();
      row.keep();
    }
    this.say("live");
  }

  list(containers) {
    const rows = new Map();
    for (const who of containers) {
      const row = this.rows.get(who.key) ?? new Row(who);
      row.who = who;
      rows.set(who.key, row);
    }
    this.rows = rows;
    if (!this.seeded) this.seed([...rows.values()].slice(0, SEEDED));
  }

  async seed(rows) {
    this.seeded = true;
    for (const row of rows) {
      const answer = await fetch(`${this.base}/api/v1/containers/${encodeURIComponent(row.who.cgroup)}?history=2m`).catch(() => undefined);
      // One that ended meanwhile, or an exporter that keeps no history: the line begins now.
      if (!answer?.ok) continue;
      row.seed((await answer.json()).history ?? []);
    }
  }
}
