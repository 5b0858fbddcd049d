// Runs drawn as lanes, a lane for each worker, all runs of a dataset on one axis; and the phases' seconds as a table.

const PHASES = ["startup", "read", "map", "shuffle", "reduce", "write"];
const TICKS = 2000;

const runName = (run) => (run.engine === "serial" ? "serial" : `${counted(run.workers, "worker")}`);

/** Phase, start and end of each span of a lane, in shares of the run's length. */
function* spans(lane) {
  let end = 0;
  for (let at = 0; at < lane.length; at += 3) {
    const start = end + lane[at + 1];
    end = start + lane[at + 2];
    yield { phase: PHASES[lane[at]], start: start / TICKS, end: end / TICKS };
  }
}

function laneDrawing(lane, run, longest) {
  const scale = run.length / longest;
  const bars = [...spans(lane)].map(({ phase, start, end }) =>
    svg(
      "rect",
      { class: `phase-${phase}`, x: `${start * scale * 100}%`, width: `${Math.max((end - start) * scale * 100, 0.15)}%`, y: 0, height: "100%" },
      svg("title", {}, `${phase}: ${seconds(start * run.length)} to ${seconds(end * run.length)}`),
    ),
  );
  return svg("svg", { class: "lane" }, bars);
}

function axis(longest) {
  const step = niceStep(longest);
  // The last mark leaves room for its words.
  const marks = Array.from({ length: Math.floor((longest * 0.86) / step) + 1 }, (_, number) => number * step);
  return el(
    "div",
    { class: "axis" },
    marks.map((mark) => {
      const tick = el("span", {}, seconds(mark));
      tick.style.insetInlineStart = `${(mark / longest) * 100}%`;
      return tick;
    }),
  );
}

/** 1, 2 or 5 of some power of ten, so that an axis has three to six marks. */
function niceStep(length) {
  const power = 10 ** Math.floor(Math.log10(length / 3));
  return [5, 2, 1].map((factor) => factor * power).find((step) => length / step >= 2.5) ?? power;
}

function drawing(runs) {
  const longest = Math.max(...runs.map((run) => run.length));
  const lanes = runs.flatMap((run) =>
    run.lanes.map((lane, worker) => [
      el("span", { class: "lane-name" }, run.engine === "serial" ? "serial" : `worker ${worker}`),
      laneDrawing(lane, run, longest),
    ]),
  );
  const told = runs.map((run) => `${runName(run)}: ${seconds(run.wall)}`).join(", ");
  return el(
    "div",
    { class: "lanes", role: "img", "aria-label": `Timeline. ${told}. The table below has each phase's seconds.` },
    lanes,
    el("span"),
    axis(longest),
  );
}

function phaseTable(runs) {
  const heads = runs.map((run) => el("th", { scope: "col" }, runName(run), run.order === "stable" ? null : ` (${run.order})`));
  const line = (title, values, kind) =>
    el("tr", {}, el("th", { scope: "row" }, kind ? el("span", { class: `swatch phase-${kind}`, "aria-hidden": "true" }) : null, title), values.map((value) => el("td", {}, seconds(value))));
  return el(
    "table",
    { class: "phases" },
    el("thead", {}, el("tr", {}, el("td"), heads)),
    el(
      "tbody",
      {},
      PHASES.map((phase, place) => line(phase, runs.map((run) => run.phases[place]), phase)),
      line("wall", runs.map((run) => run.wall)),
      line("CPU", runs.map((run) => run.cpu)),
    ),
  );
}

/** The timeline of a dataset's runs, the fastest parallel one below the serial one. */
function timeline(coded) {
  const runs = coded.map(([engine, workers, order, wall, cpu, length, phases, lanes]) => ({ engine, workers, order, wall, cpu, length, phases, lanes }));
  const drawn = runs.filter((run) => run.lanes.length && run.length > 0);
  const ratio = runs.length === 2 ? gain(runs[0].wall, runs[1].wall) : null;
  const caption = ["Time", ratio === null ? "" : ` · ${times(ratio)} as fast with ${runName(runs[1])} as serial`];
  return el("figure", { class: "timeline" }, el("figcaption", {}, caption), drawn.length ? drawing(drawn) : null, phaseTable(runs));
}
