// The journey's page: the chosen span stays marked while the drawing is drawn anew, and the table
// of spans is fetched again when there are more of them.
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
  window.htmx?.ajax("GET", location.href, { target: "#tab", swap: "innerHTML" });
});
document.addEventListener("htmx:pushedIntoHistory", mark);
document.addEventListener("htmx:afterSettle", mark);
mark();
