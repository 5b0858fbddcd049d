// The overview's pictures. Each says the same in words, for those who do not see it.

const BINS = 20;

/** Shares of the points: twenty bins, and a bar of its own for full marks. */
function histogram(shares) {
  const bins = Array(BINS + 1).fill(0);
  for (const share of shares) bins[Math.max(0, Math.min(BINS, Math.floor(share * BINS + 1e-9)))] += 1;
  const most = Math.max(...bins, 1);
  const bars = bins.map((count, bin) => bar(count, bin, most));
  const axis = [0, 25, 50, 75, 100].map((mark) => {
    const tick = el("span", {}, mark === 100 ? "full" : `${mark} %`);
    tick.style.insetInlineStart = `${(((mark / 100) * BINS + (mark === 100 ? 0.5 : 0)) / (BINS + 1)) * 100}%`;
    return tick;
  });
  const told = `Of ${grouped(shares.length)}, ${grouped(bins[BINS])} have full marks and ${grouped(sum(bins.slice(0, BINS / 2)))} less than half.`;
  return [el("div", { class: "bars", role: "img", "aria-label": told }, bars), el("div", { class: "axis", "aria-hidden": "true" }, axis)];
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

function bar(count, bin, most) {
  const from = (bin * 100) / BINS;
  const range = bin === BINS ? "full marks" : `${from} to ${from + 100 / BINS} %`;
  const column = el("span", { class: `bar${count ? "" : " none"}${bin === BINS ? " full" : ""}`, title: `${range}: ${grouped(count)}` });
  column.style.blockSize = `${(count / most) * 100}%`;
  return el("span", { class: "slot" }, count ? el("span", { class: "label" }, grouped(count)) : null, column);
}

/** A stacked bar of verdicts; `counts` are pairs of a verdict and its number, in order. */
function verdictBar(counts) {
  const parts = counts.map(([verdict, count]) => {
    const part = el("span", { class: `part tone-${tone(verdict)}`, title: `${verdict}: ${grouped(count)}` });
    part.style.flexGrow = count;
    return part;
  });
  return el("div", { class: "stack", "aria-hidden": "true" }, parts);
}

/** A logarithmic axis, in shares of its width, for all the seconds given. */
function timeScale(values) {
  const positive = values.filter((value) => value > 0);
  const low = Math.log(Math.min(...positive) / 1.3);
  const high = Math.log(Math.max(...positive) * 1.3);
  return (value) => (high > low ? (Math.log(Math.max(value, 1e-9)) - low) / (high - low) : 0.5);
}

/** From the serial median (a ring) to the parallel one (a dot); behind them, where eight of ten runs lie. */
function dumbbell(pace, scale) {
  const at = (value) => `${(Math.max(0, Math.min(1, scale(value))) * 100).toFixed(2)}%`;
  const [y, spread] = ["50%", (low, high, kind) => svg("line", { class: `spread ${kind}`, x1: at(low), x2: at(high), y1: "50%", y2: "50%" })];
  return svg(
    "svg",
    { class: "dumbbell", "aria-hidden": "true" },
    spread(pace.serialLow, pace.serialHigh, "serial"),
    spread(pace.parallelLow, pace.parallelHigh, "parallel"),
    svg("line", { class: "between", x1: at(pace.serial), x2: at(pace.parallel), y1: y, y2: y }),
    svg("circle", { class: "ring", cx: at(pace.serial), cy: y, r: 4.5 }),
    svg("circle", { class: "dot", cx: at(pace.parallel), cy: y, r: 4.5 }),
  );
}

/** The class's times for some rows, or null where nothing ran both ways. */
function paceOf(some) {
  const both = some.filter((row) => row.gain !== null);
  if (!both.length) return null;
  const sorted = (key) => both.map((row) => row[key]).sort((a, b) => a - b);
  const [serial, parallel, gains] = [sorted("serial"), sorted("parallel"), sorted("gain")];
  return {
    serial: quantile(serial, 0.5),
    serialLow: quantile(serial, 0.1),
    serialHigh: quantile(serial, 0.9),
    parallel: quantile(parallel, 0.5),
    parallelLow: quantile(parallel, 0.1),
    parallelHigh: quantile(parallel, 0.9),
    gain: quantile(gains, 0.5),
  };
}
