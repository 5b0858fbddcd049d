// How verdicts, points and seconds are written. Sign and word say everything; the tone only repeats it in colour.

const TONES = {
  accepted: "good",
  "order-dependent": "unsafe-1",
  "not-parallel-safe": "unsafe-2",
  "wrong-answer": "wrong-1",
  nondeterministic: "wrong-2",
  failed: "wrong-1",
  "output-limit": "broken-1",
  "memory-limit": "broken-2",
  "time-limit": "broken-3",
  "runtime-error": "broken-4",
  "invalid-submission": "absent-1",
  missing: "absent-2",
  "grader-error": "ours",
};
const SIGNS = { accepted: "✓", "grader-error": "!" };

const sign = (verdict) => SIGNS[verdict] ?? "✗";
const tone = (verdict) => TONES[verdict] ?? "absent-2";

/** A verdict with its sign. */
function badge(verdict, more = "") {
  return el("span", { class: `badge tone-${tone(verdict)} ${more}` }, el("span", { class: "sign", "aria-hidden": "true" }, sign(verdict)), verdict);
}

const points = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 100) / 100));
const grouped = (number) => number.toLocaleString("en");
const counted = (number, thing) => `${grouped(number)} ${thing}${number === 1 ? "" : "s"}`;
const percent = (share) => `${Math.round(share * 100)} %`;

/** Seconds in three digits and a unit. */
function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value >= 60) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  if (value >= 1) return `${value.toPrecision(3)} s`;
  if (value >= 0.001) return `${Number((value * 1000).toPrecision(3))} ms`;
  return value > 0 ? `${Math.max(1, Math.round(value * 1e6))} µs` : "0 s";
}

/** Seconds alone, for columns. */
const plainSeconds = (value) => (value === null ? "" : value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0));
const gain = (serial, parallel) => (serial !== null && parallel > 0 ? serial / parallel : null);
const times = (ratio) => (ratio === null ? "" : `${ratio.toFixed(ratio < 9.95 ? 1 : 0)}×`);

/** The value below which a share of the sorted values lies. */
function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const low = Math.floor(place);
  return sorted[low] + (sorted[Math.ceil(place)] - sorted[low]) * (place - low);
}

const median = (values) => quantile([...values].sort((a, b) => a - b), 0.5);
