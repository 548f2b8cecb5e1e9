// The journey's page: the chosen span stays marked while the drawing is drawn anew, and the table
// of spans, and where the event is, are fetched again when there are more of them.
import { whenReleased } from "./press.js";

const chosen = () => new URLSearchParams(location.search).get("span");

function mark() {
  const id = chosen();
  for (const line of document.querySelectorAll("#way .line")) {
    line.classList.toggle("is-chosen", Boolean(id) && line.querySelector("[data-span]")?.dataset.span === id);
  }
}

const count = () => document.querySelector("#way [data-spans]")?.dataset.spans;
let known = count();

document.querySelector("#way").addEventListener("slatrack:shown", () => {
  mark();
  if (count() === known) return;
  known = count();
  refetch("#tab");
  if (!chosen()) refetch("#span-panel"); // it tells where the event is
});

function refetch(target) {
  const asked = location.href;
  const handler = (_, { xhr }) => whenReleased(() => redraw(target, xhr, asked));
  window.htmx?.ajax("GET", asked, { source: target, target, handler });
}

function redraw(target, { status, responseText }, asked) {
  if (status !== 200 || asked !== location.href) return;
  window.htmx.swap(target, responseText, { swapStyle: "innerHTML" }, { title: document.title });
}

// What the address says besides stays in it: the tab, all spans, the chosen span.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.path.startsWith("?") || !detail.elt.closest("main")) return;
  const kept = new URLSearchParams(location.search);
  for (const [name, value] of new URLSearchParams(detail.path)) kept.set(name, value);
  if (new URLSearchParams(detail.path).has("tab")) kept.delete("page");
  detail.path = `?${kept}`;
});

// A history is walked back one event at a time: what the event touched that this one touched.
function walkBack(history) {
  const place = history.querySelector(":scope > div");
  if (place.childElementCount) return;
  window.htmx?.ajax("GET", history.dataset.before, { target: place, swap: "innerHTML" });
}
document.addEventListener("toggle", ({ target }) => {
  if (target.matches?.("[data-before]") && target.open) walkBack(target);
}, true);
// One that was opened before this script was here has told nobody.
document.querySelectorAll("details[data-before][open]").forEach(walkBack);

const lines = () => [...document.querySelectorAll("#way a[data-span]")];

function step(by) {
  const all = lines();
  const here = all.indexOf(document.activeElement);
  const at = here < 0 ? all.findIndex((line) => line.dataset.span === chosen()) : here;
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  next?.focus();
  next?.click();
}

// In the drawing the arrows go from span to span; Escape puts the span away.
document.querySelector("#way").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !chosen() || document.querySelector("dialog[open]")) return;
  const here = new URLSearchParams(location.search);
  here.delete("span");
  history.pushState(null, "", here.size ? `?${here}` : location.pathname);
  window.htmx?.ajax("GET", location.href, { target: "#span-panel", swap: "innerHTML" });
  mark();
});

document.addEventListener("htmx:pushedIntoHistory", mark);
document.addEventListener("htmx:afterSettle", mark);
mark();
