// Draws the charts whose data the page carries, in the colours of the theme. Colours in the data
// are names of tokens: "@missed" stands for var(--missed).
const style = getComputedStyle(document.documentElement);
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

function colour(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

function themed(value) {
  if (typeof value === "string") return value.startsWith("@") ? colour(value.slice(1)) : value;
  if (Array.isArray(value)) return value.map(themed);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, themed(one)]));
  }
  return value;
}

const axis = (own) => ({
  gridcolor: colour("line"),
  linecolor: colour("line-2"),
  zeroline: false,
  fixedrange: true,
  tickfont: { size: 11, color: colour("ink-3") },
  ...own,
});

function layout(own) {
  return {
    height: 260,
    margin: { l: 56, r: 14, t: 18, b: 34 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: style.getPropertyValue("--sans"), size: 12, color: colour("ink-2") },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line-2"), font: { color: colour("ink") } },
    showlegend: false,
    ...own,
    xaxis: axis(own.xaxis),
    yaxis: axis(own.yaxis),
  };
}

const CONFIG = {
  displaylogo: false,
  displayModeBar: false,
  showSendToCloud: false,
  plotlyServerURL: "",
  responsive: true,
};

// The library knows no zones: it shows what it is given, so instants become local wall-clock text.
function local(text) {
  const at = new Date(text);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 23);
}

function localised({ data, layout: own }) {
  if (own.xaxis?.type !== "date") return { data, own };
  const xaxis = { ...own.xaxis, range: own.xaxis.range.map(local) };
  return { data: data.map((trace) => ({ ...trace, x: trace.x.map(local) })), own: { ...own, xaxis } };
}

async function draw(figure) {
  const source = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const { data, own } = localised(themed(source));
  const plot = figure.querySelector(".plot");
  figure.classList.add("is-drawing");
  if (own.height) plot.style.height = `${own.height}px`;
  await window.Plotly.react(plot, data, layout(own), CONFIG);
  figure.classList.add("is-drawn");
}

const figures = [...document.querySelectorAll("[data-chart]")];
const drawAll = () => figures.forEach(draw);

if (window.Plotly) drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
