// Shows the fields that the chosen comparison reads.
const form = document.querySelector("#asking");

function arrange() {
  const by = form.elements.by.value;
  for (const part of form.querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(by);
    part.querySelector("input, select").disabled = part.hidden;
  }
}

form.addEventListener("change", arrange);
arrange();
