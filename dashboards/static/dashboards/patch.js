// Puts what the server rendered in its place. The server's HTML is the only description of a row:
// nothing here knows what a journey looks like.
import { face, words, now, local, localise } from "./times.js";

function made(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

const held = (element) => element.contains(document.activeElement);

const LOUD = ["is-missed", "is-at-risk"];
const FEW = 3; // rows: of more at a time, which one is new cannot be told by a flash

// What turns worse lights up, and on a quiet board whatever comes or goes on.
const lights = (row, old, few) =>
  few || LOUD.some((one) => row.classList.contains(one) && !old?.classList.contains(one));

function swapRow(id, html, fresh, few) {
  const row = made(html);
  localise(row);
  const old = document.getElementById(id);
  if (fresh && lights(row, old, few)) row.classList.add("is-fresh");
  if (!old) return row;
  const focused = held(old);
  old.replaceWith(row);
  if (focused) row.querySelector("a")?.focus({ preventScroll: true });
  return row;
}

function body(lane) {
  const known = document.getElementById(`lane-${lane}`);
  if (known) return known;
  const made_ = document.createElement("tbody");
  made_.id = `lane-${lane}`;
  made_.dataset.lane = lane;
  return made_;
}

// Lanes in order, rows in order; what is where it belongs is not touched.
function arrange(order, rows, fresh) {
  const table = document.querySelector("#board table");
  if (!table) return;
  const sent = Object.entries(rows);
  const few = sent.length <= FEW;
  const news = new Map(sent.map(([id, html]) => [id, swapRow(id, html, fresh, few)]));
  for (const old of [...table.tBodies]) if (!(old.dataset.lane in order)) old.remove();
  let before = table.tHead;
  for (const [lane, ids] of Object.entries(order)) {
    const part = body(lane);
    if (before.nextElementSibling !== part) before.after(part);
    before = part;
    fill(part, ids, news);
  }
  const empty = Object.keys(order).length === 0;
  document.querySelector("#no-match").hidden = !empty;
  if (!empty) {
    document.querySelector("#nothing")?.remove();
    document.querySelector("#board").hidden = false;
  }
}

function fill(part, ids, news) {
  const wanted = new Set(ids);
  for (const row of [...part.querySelectorAll(":scope > [data-row]")]) {
    if (!wanted.has(row.id)) row.remove();
  }
  let at = part.querySelector(":scope > [data-lane-head]");
  if (!at) {
    at = document.createElement("tr");
    at.dataset.laneHead = "";
    part.prepend(at);
  }
  for (const id of ids) {
    const row = news.get(id) ?? document.getElementById(id);
    if (!row) continue;
    if (at.nextElementSibling !== row) at.after(row);
    at = row;
  }
}

// What a reader has opened stays open, with what was fetched into it, when its part is drawn anew.
function swapInside(place, html) {
  const opened = new Map(
    [...place.querySelectorAll("details[data-before][open]")].map((old) => [old.dataset.before, old]),
  );
  place.innerHTML = html;
  for (const fresh of place.querySelectorAll("details[data-before]")) {
    const old = opened.get(fresh.dataset.before);
    if (old) fresh.replaceWith(old);
  }
}

function swapPart(id, html) {
  const place = document.getElementById(id);
  if (!place) return;
  if (place.matches("[data-lane]")) {
    place.querySelector(":scope > [data-lane-head]")?.replaceWith(made(html));
    return;
  }
  const mark = held(place) ? document.activeElement.id : "";
  swapInside(place, html);
  localise(place);
  window.htmx?.process(place);
  if (mark) document.getElementById(mark)?.focus({ preventScroll: true });
  place.dispatchEvent(new CustomEvent("slatrack:shown", { bubbles: true }));
}

export function patch({ rows, order, parts, gone }, fresh = true) {
  if (Object.keys(order ?? {}).length || document.querySelector("#board")) arrange(order, rows, fresh);
  for (const [id, html] of Object.entries(parts)) swapPart(id, html);
  for (const id of gone ?? []) {
    const place = document.getElementById(id);
    if (place && !place.matches("[data-lane]")) place.innerHTML = "";
  }
  sweep();
}

export const show = (snapshot) => patch(snapshot, false);

const DAY = 86400000;

function left(element, at) {
  const until = Number(element.dataset.until);
  const ms = until - at;
  if (element.dataset.words !== undefined) return ms > 0 ? `in ${words(ms)}` : "now";
  if (ms >= DAY) return local(new Date(until), "minute");
  return ms > 0 ? face(ms) : `${element.dataset.past ?? ""} ${face(ms)}`.trim();
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function bar(element, at) {
  const { from, to } = element.dataset;
  const until = element.dataset.at ? Number(element.dataset.at) : at;
  const part = Math.max(0, Math.min(1, (until - from) / Math.max(1, to - from)));
  element.querySelector(".used")?.setAttribute("width", (part * 100).toFixed(1));
}

// Once a second: countdowns, ages, bars. Text only changes where it differs; widths are tabular.
export function sweep(root = document) {
  const at = now();
  for (const element of root.querySelectorAll("[data-until]")) put(element, left(element, at));
  for (const element of root.querySelectorAll("[data-since]")) {
    put(element, face(at - Number(element.dataset.since)));
  }
  for (const element of root.querySelectorAll(".bar[data-from]")) bar(element, at);
}
