// What is pressed stays where it is until it is let go: browsers give a click only to what was
// there from the press to its release, so whatever would be drawn anew meanwhile waits.
const LONGEST = 2000; // ms; a release that is never told of (a menu, a window left) stops nothing
let waiting = [];
let press = 0; // the timer that ends the press under way

function release(mine) {
  if (mine !== press) return; // ended already, or the next press is under way
  clearTimeout(press);
  press = 0;
  const all = waiting;
  waiting = [];
  for (const action of all) action();
}

// At once, or when what is pressed was let go and has had its click; in the order asked for.
export function whenReleased(action) {
  if (press) waiting.push(action);
  else action();
}

addEventListener("pointerdown", () => {
  clearTimeout(press);
  const mine = setTimeout(() => release(mine), LONGEST);
  press = mine;
}, true);
// The click comes in the same turn of the loop as the release, what waited in the next.
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(release, 0, press), true);
