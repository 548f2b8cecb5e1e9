// Shows the fields of the shape that is chosen, and the attribute's name only where one starts the clock.
const form = document.querySelector("#editor");

function arrange() {
  const { shape, start } = form.elements;
  for (const part of form.querySelectorAll("[data-shape]")) part.hidden = part.dataset.shape !== shape.value;
  form.querySelector("[data-field=attribute]").hidden = start.value !== "attr";
}

form.addEventListener("change", arrange);
arrange();
