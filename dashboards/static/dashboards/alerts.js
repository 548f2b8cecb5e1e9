// Choosing several incidents; one click acknowledges one. Without scripts the checkboxes still work.
import { whenReleased } from "./press.js";

const form = () => document.querySelector("#act");
const boxes = () => [...(form()?.querySelectorAll("input[name=incident], input[name=record]") ?? [])];

function count(all) {
  const chosen = boxes().filter((box) => box.checked).length;
  form().querySelector("[data-chosen]").textContent = chosen ? `${chosen} chosen` : "Choose all";
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  form().querySelector("[data-bulk]").classList.toggle("is-needed", chosen > 0);
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]")) return target.form.submit();
  const all = form()?.querySelector("[data-all]");
  if (!all || !form().contains(target)) return;
  if (target === all) for (const box of boxes()) box.checked = all.checked;
  count(all);
});

// The list is drawn anew when incidents open or end, unless somebody is choosing, writing or at a
// row: the next key must act on the row that one sees.
const busy = () =>
  boxes().some((box) => box.checked) || form()?.querySelector("[name=why]")?.value || form()?.contains(document.activeElement);

function redraw({ status, responseText }) {
  if (status !== 200 || busy()) return;
  htmx.swap("#incidents", responseText, { swapStyle: "outerHTML" }, { select: "#incidents", title: document.title });
}
document.addEventListener("slatrack:alerts", () => {
  if (!document.querySelector("#incidents") || busy()) return;
  htmx.ajax("GET", location.href, { target: "#incidents", handler: (_, { xhr }) => whenReleased(() => redraw(xhr)) });
});
