// The map by keyboard: tab comes to it once, arrow keys go along it, enter opens what one is at.
// Who follows whom is in the data of the links; where they stand is asked of the drawing.
const AHEAD = { across: "ArrowRight", down: "ArrowDown" };
const BACK = { across: "ArrowLeft", down: "ArrowUp" };
const NEXT = { across: "ArrowDown", down: "ArrowRight" };
const PREVIOUS = { across: "ArrowUp", down: "ArrowLeft" };

function along(map) {
  const kind = map.dataset.map;
  let here = ""; // the id of the link that tab comes to; the first while none was chosen
  const links = () => [...map.querySelectorAll("a")];
  const steps = () => links().filter((link) => link.dataset.step !== undefined);
  const named = (name) => steps().find((link) => link.dataset.step === name);
  const legs = (end, name) => links().filter((link) => link.dataset[end] === name);

  const middle = (link) => {
    const box = link.querySelector("text").getBoundingClientRect();
    return kind === "across" ? box.top : box.left;
  };
  const depth = (link) => {
    const box = link.querySelector(".box").getBoundingClientRect();
    return Math.round(kind === "across" ? box.left : box.top);
  };
  const sorted = (some) => some.sort((one, other) => middle(one) - middle(other));

  function ahead(link) {
    return link.dataset.step === undefined ? named(link.dataset.to) : sorted(legs("from", link.dataset.step))[0];
  }
  function back(link) {
    return link.dataset.step === undefined ? named(link.dataset.from) : sorted(legs("to", link.dataset.step))[0];
  }
  // Beside a step are the others of its column; beside a leg those that begin, or end, with it.
  function beside(link, by) {
    let others;
    if (link.dataset.step !== undefined) others = steps().filter((one) => depth(one) === depth(link));
    else {
      others = legs("from", link.dataset.from);
      if (others.length === 1) others = legs("to", link.dataset.to);
    }
    return sorted(others)[sorted(others).indexOf(link) + by];
  }

  function rove() {
    const all = links();
    const chosen = all.find((link) => link.id === here) ?? all[0];
    for (const link of all) link.setAttribute("tabindex", link === chosen ? "0" : "-1");
  }

  const TURNS = {
    [AHEAD[kind]]: ahead,
    [BACK[kind]]: back,
    [NEXT[kind]]: (link) => beside(link, 1),
    [PREVIOUS[kind]]: (link) => beside(link, -1),
    Home: () => steps()[0],
    End: () => steps().at(-1),
  };

  map.addEventListener("keydown", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.altKey || !(event.key in TURNS)) return;
    event.preventDefault();
    TURNS[event.key](link)?.focus();
  });
  map.addEventListener("focusin", ({ target }) => {
    here = target.closest("a")?.id ?? here;
    rove();
    target.closest("a")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  map.addEventListener("slatrack:shown", rove);
  rove();
}

document.querySelectorAll("[data-map]").forEach(along);
