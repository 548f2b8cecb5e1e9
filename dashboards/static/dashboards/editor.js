// Line numbers beside the document; a problem leads to its line; Ctrl Enter checks.
const area = document.querySelector("[data-editor] textarea");
const gutter = document.querySelector("[data-editor] .gutter");

const bad = () =>
  new Set([...document.querySelectorAll("[data-line]")].map(({ dataset }) => Number(dataset.line)));

function number() {
  const count = area.value.split("\n").length;
  const marked = bad();
  gutter.replaceChildren(
    ...Array.from({ length: count }, (_, n) => {
      const line = document.createElement(marked.has(n + 1) ? "b" : "span");
      line.textContent = line.tagName === "B" ? n + 1 : `${n + 1}\n`;
      return line;
    }),
  );
  follow();
}

const follow = () => (gutter.scrollTop = area.scrollTop);

function show(line) {
  const before = area.value.split("\n").slice(0, line - 1);
  const start = before.join("\n").length + (line > 1 ? 1 : 0);
  const end = area.value.indexOf("\n", start);
  area.focus();
  area.setSelectionRange(start, end < 0 ? area.value.length : end);
  area.scrollTop = Math.max(0, (line - 8) * 18);
}

area.addEventListener("input", number);
area.addEventListener("scroll", follow);
area.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    document.querySelector("[name=do][value=check]").click();
  }
});
new ResizeObserver(() => (gutter.style.height = `${area.offsetHeight}px`)).observe(area);

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  if (!link) return;
  event.preventDefault();
  show(Number(link.dataset.line));
});
document.addEventListener("htmx:afterSwap", number);

let saved = false;
const first = area.value;
area.form.addEventListener("submit", () => (saved = true));
addEventListener("beforeunload", (event) => {
  if (!saved && area.value !== first) event.preventDefault();
});

number();
