// Choosing several incidents; one click acknowledges one. Without scripts the checkboxes still work.
const form = document.querySelector("#act");
const boxes = () => [...(form?.querySelectorAll("input[name=incident], input[name=record]") ?? [])];
const all = form?.querySelector("[data-all]");

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  const word = form.querySelector("[data-chosen]");
  if (!all) return;
  word.textContent = chosen ? `${chosen} chosen` : "Choose all";
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  form.querySelector("[data-bulk]").classList.toggle("is-needed", chosen > 0);
}

all?.addEventListener("change", () => {
  for (const box of boxes()) box.checked = all.checked;
  count();
});
form?.addEventListener("change", count);
document.querySelector("[data-submits]")?.addEventListener("change", ({ target }) => target.form.submit());
