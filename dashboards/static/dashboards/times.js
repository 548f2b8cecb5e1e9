// Times as people read them, by the server's clock. Nothing here is read aloud each second.
let offset = 0; // server minus browser, milliseconds

export const setClock = (serverNow) => (offset = serverNow - Date.now());
export const now = () => Date.now() + offset;

const two = (n) => String(n).padStart(2, "0");

// 4:12, 1:04:12, 3 d 04:12: a countdown's face
export function face(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (d) return `${d} d ${two(h)}:${two(m)}`;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`;
}

// 42 ms, 3.1 s, 3 s, 4 min 12 s, 2 h 5 min
export function words(ms) {
  const s = Math.abs(ms) / 1000;
  if (s < 0.01) return `${Number((s * 1000).toPrecision(2))} ms`;
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
  if (s < 9.95) return `${Number(s.toFixed(1))} s`;
  const whole = Math.floor(s < 10 ? 10 : s);
  if (whole < 60) return `${whole} s`;
  const pair = (n, big, rest, small) => (rest ? `${n} ${big} ${rest} ${small}` : `${n} ${big}`);
  if (s < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  if (s < 86400) return pair(Math.floor(whole / 3600), "h", Math.floor(whole / 60) % 60, "min");
  return pair(Math.floor(whole / 86400), "d", Math.floor(whole / 3600) % 24, "h");
}

const format = (options) => new Intl.DateTimeFormat(undefined, { hourCycle: "h23", ...options });
const clock = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const millis = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const minute = format({ hour: "2-digit", minute: "2-digit" });
const day = format({ weekday: "short", day: "numeric", month: "short" });
const dated = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const zone = format({ timeZoneName: "short", hour: "2-digit" });

export const zoneName = (at = new Date()) =>
  zone.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";

const SHOWS = { second: clock, millis, minute, time: minute };

// A time of another day carries its day, and of another year its year, unless it is a mere time of day; the zone is on the page's clock and in the hover.
export function local(at, precision) {
  const text = (SHOWS[precision] ?? clock).format(at);
  if (precision === "time") return text;
  const here = new Date(now());
  if (at.toDateString() === here.toDateString()) return text;
  const shown = at.getFullYear() === here.getFullYear() ? day : dated;
  return `${shown.format(at)} ${text}`;
}

function relative(at) {
  const away = at - now();
  return away > 0 ? `in ${words(away)}` : `${words(away)} ago`;
}

function titled(element, at) {
  element.title = `${local(at, "millis")} ${zoneName(at)} · ${element.dateTime} · ${relative(at)}`;
}

// A time has its title from the start: what is drawn anew under a resting mouse is never entered.
export function localise(root = document) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-shown])")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const tail = element.dataset.zone === undefined ? "" : ` ${zoneName(at)}`;
    element.textContent = local(at, element.dataset.show) + tail;
    element.dataset.shown = "";
    titled(element, at);
  }
}

// How long ago it is ages: told anew when the mouse comes.
document.addEventListener("pointerover", ({ target }) => {
  const element = target.closest?.("time[datetime]");
  if (element) titled(element, new Date(element.dateTime));
});

// The server renders with the person's zone from the next page on.
const named = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (named && !document.cookie.includes(`zone=${encodeURIComponent(named)}`)) {
  document.cookie = `zone=${encodeURIComponent(named)}; path=/; max-age=31536000; samesite=lax`;
}

localise();
document.addEventListener("htmx:afterSwap", () => localise());
