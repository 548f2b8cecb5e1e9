// The keyboard: one key, one action. Keys never fire while typing, nor when switched off.
const off = () => localStorage.getItem("keys") === "off";
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);

function move(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("[data-row]"));
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  (next?.querySelector("a") ?? next)?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const press = (selector) => {
  const row = document.activeElement?.closest("[data-row]");
  (row?.querySelector(selector) ?? document.querySelector(selector))?.click();
};

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => (document.querySelector("[data-find]") ?? document.querySelector("#find"))?.focus(),
  "?": () => document.querySelector("#keys")?.showModal(),
  a: () => press("[data-key=a]"),
  s: () => press("[data-key=s]"),
  p: () => press("[data-key=p]"),
};
const PLACES = { b: "board", d: "discover", f: "flows", r: "rules", a: "alerts", h: "health" };
let going = false;

function go(key) {
  going = false;
  const link = document.querySelector(`.nav [data-place="${PLACES[key]}"]`);
  link?.click();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    ACTIONS["/"]();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || off() || typing(event.target)) return;
  if (going) return go(event.key);
  if (event.key === "g") {
    going = true;
    setTimeout(() => (going = false), 1200);
    return;
  }
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const box = document.querySelector("#keys-on");
if (box) {
  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
}
document.querySelector("#keys-close")?.addEventListener("click", () => document.querySelector("#keys").close());
document.querySelector("#keys-open")?.addEventListener("click", () => document.querySelector("#keys").showModal());
