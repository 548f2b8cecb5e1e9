// What every page has: times, keys, copy buttons, the theme, the live line.
import "./times.js";
import "./keys.js";
import "./live.js";

async function copy(button) {
  const text = button.dataset.copy === "link" ? location.href : button.dataset.copy;
  await navigator.clipboard.writeText(text);
  button.classList.add("is-copied");
  const label = button.querySelector("[data-label]");
  const before = label?.textContent;
  if (label) label.textContent = "Copied";
  setTimeout(() => {
    button.classList.remove("is-copied");
    if (label) label.textContent = before;
  }, 1500);
}

const THEMES = { "": "dark", dark: "light", light: "" };

function turn() {
  const root = document.documentElement;
  const next = THEMES[root.dataset.theme ?? ""] ?? "";
  root.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`;
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button) copy(button);
  if (target.closest("#theme")) turn();
});
