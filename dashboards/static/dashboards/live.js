// The live line of a page: subscribe, show what comes, notice silence, come back.
import { now, setClock, local, zoneName } from "./times.js";
import { show, patch, sweep } from "./patch.js";
import { whenReleased } from "./press.js";

const SILENCE = 5000; // without the 1 Hz tick for so long, the line is dead
const page = document.body.dataset;
const line = document.querySelector("#live");
const word = line?.querySelector("[data-word]");
const clock = document.querySelector("#clock");
const pause = document.querySelector("#pause");
const news = document.querySelector("#news");

let socket;
let tries = 0;
let heard = 0; // when anything came last
let place = { epoch: "", seq: -1 };
let whole = false; // whether what is shown came whole by this line: only then is the page live
let paused = false;
let missed = new Set();
let over = false;

function state(name, text) {
  if (!line) return;
  line.dataset.state = name;
  if (word.textContent !== text) word.textContent = text;
}

function subscription() {
  if (page.live === "board") return { subscribe: "board", query: location.search.slice(1) };
  if (page.live === "journey") {
    return { subscribe: "journey", flow: page.flow, key: page.key, all: page.all === "1" };
  }
  if (page.live === "flow") {
    return { subscribe: "flow", flow: page.flow, version: Number(page.version) };
  }
  return page.live ? { subscribe: page.live } : null;
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live/`);
  const mine = socket;
  const wanted = subscription();
  heard = Date.now();
  whole = !wanted;
  socket.onopen = () => wanted && mine.send(JSON.stringify(wanted));
  socket.onmessage = ({ data }) => mine === socket && hear(JSON.parse(data));
  socket.onclose = () => mine === socket && again();
}

function again() {
  socket = null;
  if (over) return;
  const wait = Math.min(500 * 2 ** tries++, 30000) * (0.5 + Math.random());
  const last = heard ? `, last ${local(new Date(heard))}` : "";
  state("stale", `Live updates paused${last}, reconnecting`);
  setTimeout(connect, wait);
}

const resync = () => socket?.readyState === 1 && socket.send('{"resync": true}');

function hear(message) {
  heard = Date.now();
  if (message.now) setClock(message.now);
  whole ||= message.kind === "snapshot";
  HEAR[message.kind]?.(message);
  if (!over && whole) state(paused ? "paused" : "live", paused ? "Paused" : "Live");
}

const HEAR = {
  tick(message) {
    tries = 0;
    tell(message);
  },
  snapshot: (message) => whenReleased(() => anew(message)),
  patch: (message) => whenReleased(() => further(message)),
  denied(message) {
    over = true;
    state("denied", `${message.reason} `);
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = message.code === 4401 ? "Sign in" : "Reload";
    word.append(link);
  },
};

function anew(message) {
  if (paused) return count(Object.keys(message.rows ?? {}).filter((id) => !document.getElementById(id)));
  place = { epoch: message.epoch, seq: message.seq };
  show(message);
}

function further(message) {
  if (message.incidents) {
    place = { epoch: message.epoch, seq: message.seq };
    document.dispatchEvent(new CustomEvent("slatrack:alerts", { detail: message.incidents }));
    return;
  }
  if (paused) return count(Object.keys(message.rows ?? {}));
  if (message.epoch !== place.epoch || message.base_seq !== place.seq) return resync();
  place.seq = message.seq;
  patch(message);
}

function count(ids) {
  for (const id of ids) missed.add(id);
  if (!news || !missed.size) return;
  news.hidden = false;
  news.textContent = `${missed.size.toLocaleString()} new`;
}

const title = document.title;
let open = Number(document.querySelector("#open-alerts")?.textContent || 0);

function tell(message) {
  const pulse = document.querySelector("#pulse");
  if (pulse && message.pulse) pulse.textContent = message.pulse;
  if (message.alerts === null || message.alerts === undefined) return;
  const changed = message.alerts !== open;
  open = message.alerts;
  mark();
  if (changed) document.dispatchEvent(new CustomEvent("slatrack:alerts", { detail: [] }));
}

function mark() {
  const badge = document.querySelector("#open-alerts");
  if (badge) {
    badge.hidden = !open;
    badge.textContent = open;
  }
  document.title = open ? `(${open}) ${title}` : title;
  const icon = document.querySelector("#favicon");
  const href = open ? `/favicon.svg?n=${open}` : "/favicon.svg";
  if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function stop(value) {
  paused = value;
  pause?.setAttribute("aria-pressed", String(paused));
  if (pause) pause.textContent = paused ? "Resume" : "Pause";
  state(paused ? "paused" : "live", paused ? "Paused" : "Live");
  if (paused) return;
  missed = new Set();
  if (news) news.hidden = true;
  resync();
}

pause?.addEventListener("click", () => stop(!paused));
news?.addEventListener("click", () => stop(false));
if (pause) pause.hidden = false;

function second() {
  if (clock) {
    const at = new Date(now());
    clock.textContent = `${local(at)} ${zoneName(at)}`;
    clock.title = `${at.toISOString()} by the server's clock`;
  }
  if (!paused) sweep();
  if (socket && Date.now() - heard > SILENCE) {
    const dead = socket;
    again();
    dead.close();
  }
  setTimeout(second, 1000 - (now() % 1000));
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !paused) resync();
});

if (line) {
  mark();
  connect();
  second();
}
