// Arrow keys walk from the search through what was found; Enter opens, as for any link.
const links = () => [...document.querySelectorAll("#found a")];

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const field = document.querySelector("#template-q");
  const all = links();
  const at = all.indexOf(document.activeElement);
  if (!step || (at < 0 && document.activeElement !== field)) return;
  event.preventDefault();
  (at + step < 0 ? field : all[Math.min(all.length - 1, at + step)])?.focus();
});

// The chosen one is in sight, however far down its list.
const list = document.querySelector("#found");
const chosen = list?.querySelector("[aria-current]");
if (chosen) list.scrollTop = Math.max(0, chosen.offsetTop - list.offsetTop - 80);

// The list is drawn again while somebody types or walks on: one stays where one was.
let where = null;
document.addEventListener("htmx:beforeSwap", () => (where = document.activeElement));
document.addEventListener("htmx:afterSwap", () => {
  const link = where?.pathname && links().find((one) => one.pathname === where.pathname);
  (link || document.querySelector("#template-q")).focus();
});
