// The page at /: which part of it is shown, and what is remembered of how somebody likes it.
import { Detail } from "./detail.js";
import { Events } from "./events.js";
import { List } from "./list.js";
import { Tree } from "./tree.js";
import { element } from "./text.js";

const base = document.body.dataset.base;
const main = document.querySelector("main");

const settings = {
  search: "", sort: "limit", down: true, all: false,
  load() {
    try {
      Object.assign(this, JSON.parse(localStorage.getItem("plimsoll") ?? "{}"), { search: "" });
    } catch {
      // A browser that keeps nothing, or something else's: the defaults hold.
    }
    return this;
  },
  save() {
    try {
      localStorage.setItem("plimsoll", JSON.stringify({ sort: this.sort, down: this.down, all: this.all }));
    } catch {
      // As above.
    }
  },
}.load();

const PARTS = { "": () => new List(base, settings), tree: () => new Tree(base), events: () => new Events(base) };
let part;

function show() {
  const [, name = "", ...rest] = location.hash.split("/").map(decodeURIComponent);
  part?.stop();
  part = name === "container" ? new Detail(base, `/${rest.join("/")}`) : (PARTS[name] ?? PARTS[""])();
  main.replaceChildren(part.element);
  part.start();
  for (const link of document.querySelectorAll("nav a"))
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
}

const links = [["#/", "Containers"], ["#/tree", "Control groups"], ["#/events", "Events"]];
document.querySelector("header").append(element("nav", { "aria-label": "Parts" }, ...links.map(([href, text]) => element("a", { href }, text))));
// The moment of the page's own table, which is gone.
document.querySelector("#taken")?.remove();
window.addEventListener("hashchange", show);
window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input");
  if (event.key === "/" && !typing && part.search) {
    event.preventDefault();
    part.search.focus();
  }
  if (event.key === "Escape" && !typing) location.hash = "#/";
  if (event.key === "Escape" && typing) event.target.blur();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event);
});

// Arrow keys go from one container to the next.
function move(event) {
  const rows = [...main.querySelectorAll("tbody a, summary")];
  const at = rows.indexOf(document.activeElement);
  const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

show();
