// Lines over time on a canvas: sparklines of the list, and the charts of one container, whose cursors move together.

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// A canvas as sharp as the screen; its context scaled to CSS pixels.
function prepare(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export function sparkline(canvas, values, top) {
  const { context, width, height } = prepare(canvas);
  const highest = Math.max(top ?? 0, ...values.filter((value) => value !== null), 1e-9);
  context.strokeStyle = color("--line");
  context.lineWidth = 1.2;
  context.beginPath();
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const x = width - (values.length - 1 - i) * (width / 119);
    const y = height - 1 - (value / highest) * (height - 2);
    if (drawing) context.lineTo(x, y);
    else context.moveTo(x, y);
    drawing = true;
  });
  context.stroke();
}

const LEFT = 62;
const BOTTOM = 18;

// One chart. `series`: {label, color, values: [[seconds, number]], dashed}. `marks`: moments of an event.
export class Chart {
  constructor(canvas, format, cursors) {
    this.canvas = canvas;
    this.format = format;
    this.cursors = cursors;
    this.series = [];
    this.marks = [];
    cursors.charts.push(this);
    canvas.addEventListener("pointermove", (event) => {
      const { left, width } = canvas.getBoundingClientRect();
      cursors.at = this.begin + ((event.clientX - left - LEFT) / (width - LEFT)) * (this.end - this.begin);
      cursors.charts.forEach((chart) => chart.draw());
    });
    canvas.addEventListener("pointerleave", () => {
      cursors.at = undefined;
      cursors.charts.forEach((chart) => chart.draw());
    });
  }

  show(series, begin, end, marks = []) {
    Object.assign(this, { series, begin, end, marks });
    this.draw();
  }

  draw() {
    if (this.begin === undefined) return;
    const { context, width, height } = prepare(this.canvas);
    const bottom = height - BOTTOM;
    const numbers = this.series.flatMap(({ values }) => values.map(([, value]) => value)).filter((value) => value !== null);
    const highest = Math.max(...numbers, 1e-9) * 1.08;
    const x = (seconds) => LEFT + ((seconds - this.begin) / (this.end - this.begin)) * (width - LEFT);
    const y = (value) => bottom - (value / highest) * (bottom - 6);
    this.grid(context, { width, bottom, highest, known: numbers.length > 0, x, y });
    for (const one of this.series) this.line(context, one, x, y);
    context.strokeStyle = color("--alarm");
    for (const mark of this.marks) {
      context.beginPath();
      context.moveTo(x(mark), 0);
      context.lineTo(x(mark), bottom);
      context.stroke();
    }
    this.cursor(context, { bottom, x, y });
  }

  grid(context, { width, bottom, highest, known, x, y }) {
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = color("--dim");
    context.strokeStyle = color("--rule");
    context.textAlign = "right";
    // What nobody knows is not 0.
    if (!known) context.fillText("no value", LEFT - 6, bottom + 4);
    for (const part of known ? [0, 0.5, 1] : [0]) {
      const value = (highest / 1.08) * part;
      if (known) context.fillText(this.format(value), LEFT - 6, y(value) + 4);
      context.beginPath();
      context.moveTo(LEFT, y(value));
      context.lineTo(width, y(value));
      context.stroke();
    }
    context.textAlign = "center";
    const step = this.end - this.begin > 150 ? 60 : this.end - this.begin > 60 ? 30 : 10;
    for (let at = Math.ceil(this.begin / step) * step; at < this.end; at += step) {
      if (x(at) < LEFT + 20 || x(at) > width - 24) continue;
      const time = new Date(at * 1000).toLocaleTimeString([], { hour12: false, hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined });
      context.fillText(time, x(at), bottom + 14);
    }
  }

  line(context, { color: name, values, dashed }, x, y) {
    context.strokeStyle = color(name);
    context.lineWidth = 1.5;
    context.setLineDash(dashed ? [5, 4] : []);
    context.beginPath();
    let drawing = false;
    for (const [seconds, value] of values) {
      if (value === null || seconds < this.begin) {
        drawing = false;
        continue;
      }
      if (drawing) context.lineTo(x(seconds), y(value));
      else context.moveTo(x(seconds), y(value));
      drawing = true;
    }
    context.stroke();
    context.setLineDash([]);
  }

  cursor(context, { bottom, x, y }) {
    const at = this.cursors.at;
    if (at === undefined || at < this.begin || at > this.end) return;
    context.strokeStyle = color("--dim");
    context.beginPath();
    context.moveTo(x(at), 0);
    context.lineTo(x(at), bottom);
    context.stroke();
    let line = 12;
    context.textAlign = x(at) > this.canvas.getBoundingClientRect().width - 180 ? "right" : "left";
    for (const { label, color: name, values } of this.series) {
      const nearest = values.reduce((best, point) =>
        point[1] !== null && (!best || Math.abs(point[0] - at) < Math.abs(best[0] - at)) ? point : best, undefined);
      if (!nearest) continue;
      context.fillStyle = color(name);
      context.fillText(`${label} ${this.format(nearest[1])}`, x(at) + (context.textAlign === "left" ? 6 : -6), line);
      line += 14;
    }
  }
}
