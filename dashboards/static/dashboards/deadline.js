// Shows the fields of the shape that is chosen, and keeps the shapes in step: the server answers each
// change with what the other shapes then say.
const form = document.querySelector("#editor");
const source = Object.assign(document.createElement("input"), { type: "hidden", name: "source" });
form.append(source);

const shown = () => form.elements.shape.value;

function arrange() {
  for (const part of form.querySelectorAll("[data-shape]")) {
    part.hidden = !part.dataset.shape.split(" ").includes(shown());
  }
  form.querySelector("[data-field=attribute]").hidden = form.elements.start.value !== "attr";
}

// The rule is what was written last. Looking at another shape of it changes nothing.
function note({ target }) {
  if (target.closest("[data-shape]")) source.value = shown();
}

function follow() {
  const told = document.querySelector("#in-step");
  if (!told) return;
  for (const [name, value] of Object.entries(JSON.parse(told.textContent))) {
    const field = form.elements[name];
    if (field && field !== document.activeElement) field.value = value;
  }
  arrange();
}

source.value = shown();
form.addEventListener("input", note);
form.addEventListener("change", note);
form.addEventListener("change", arrange);
document.addEventListener("htmx:afterSwap", follow);
arrange();
