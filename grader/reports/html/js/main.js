// Which page is shown, by the URL's hash; and the overview, drawn once.

const $ = (id) => document.getElementById(id);
const alone = students.length === 1;
const name = document.title;
let left = { scroll: 0, row: null };

function figures() {
  const shares = sharesOf(rows);
  const accepted = rows.filter((row) => report.verdicts[row.verdict] === "accepted").length;
  const missing = rows.filter((row) => report.verdicts[row.verdict] === "missing").length;
  const unjudged = rows.filter((row) => row.mark === null).length;
  const facts = [
    ["students", grouped(students.length)],
    ["submissions", grouped(rows.length - missing)],
    missing ? ["missing", grouped(missing)] : null,
    ["accepted", percent(accepted / rows.length)],
    ["median mark", shares.length ? percent(median(shares)) : "–"],
    unjudged ? ["without a mark", grouped(unjudged)] : null,
  ];
  return facts.filter(Boolean).map(([title, value]) => el("div", {}, el("dt", {}, title), el("dd", {}, value)));
}

function drawMarks() {
  const some = wanted.assignment === "" ? rows : rows.filter((row) => row.assignment === Number(wanted.assignment));
  const shares = sharesOf(some);
  const one = report.assignments.length < 2 || wanted.assignment !== "";
  $("marks").replaceChildren(...histogram(shares));
  const what = one ? (wanted.assignment === "" ? "submissions" : `submissions of ${report.assignments[wanted.assignment]}`) : "students over all assignments";
  $("marks-note").textContent = shares.length ? `${grouped(shares.length)} ${what}, by share of the points; median ${percent(median(shares))}` : "no marks yet";
}

/** Each student's share of the points that could be earned, in those of the rows that have a mark. */
function sharesOf(some) {
  const marked = new Map();
  for (const row of some) {
    if (row.mark === null) continue;
    const [earned, most] = marked.get(row.student) ?? [0, 0];
    marked.set(row.student, [earned + row.mark, most + row.max]);
  }
  return [...marked.values()].map(([earned, most]) => (most > 0 ? earned / most : 1));
}

function assignmentsTable() {
  const groups = report.assignments.map((title, place) => ({ title, place, rows: rows.filter((row) => row.assignment === place) }));
  const paces = groups.map((group) => paceOf(group.rows));
  const known = paces.filter(Boolean);
  const scale = known.length ? timeScale(known.flatMap((pace) => [pace.serialLow, pace.serialHigh, pace.parallelLow, pace.parallelHigh])) : null;
  if (scale) {
    $("times-note").replaceChildren(el("span", { class: "key serial" }), "serial, ", el("span", { class: "key parallel" }), "fastest parallel run: median wall time, and where eight of ten lie");
  }
  const titles = ["Assignment", "Verdicts", "Median", scale ? "Time against serial" : null].filter(Boolean);
  return el(
    "table",
    { class: "assignments", role: "table", "aria-labelledby": "assignments-title" },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, titles.map((title) => el("th", { scope: "col", role: "columnheader" }, title)))),
    el("tbody", { role: "rowgroup" }, groups.map((group, place) => assignmentRow(group, paces[place], scale))),
  );
}

function assignmentRow({ title, place, rows: some }, pace, scale) {
  const counts = report.verdicts.map((verdict, number) => [verdict, some.filter((row) => row.verdict === number).length, number]).filter(([, count]) => count);
  counts.reverse();
  const shares = sharesOf(some);
  const key = counts.map(([verdict, count, number]) =>
    el("li", {}, el("button", { type: "button", class: "key", onclick: () => (($("assignment").value = place), only("verdict", number)) }, el("span", { class: `swatch tone-${tone(verdict)}`, "aria-hidden": "true" }), `${grouped(count)} ${verdict}`)),
  );
  return el(
    "tr",
    { role: "row" },
    el("th", { scope: "row", role: "rowheader" }, el("button", { type: "button", class: "link", onclick: () => only("assignment", place) }, foreign(title)), el("span", { class: "who" }, counted(some.length, "submission"))),
    el("td", { role: "cell", class: "at-verdicts" }, verdictBar(counts), el("ul", { class: "keys" }, key)),
    el("td", { role: "cell", class: "number at-median" }, shares.length ? percent(median(shares)) : "–"),
    scale ? el("td", { role: "cell", class: "at-time" }, pace ? [dumbbell(pace, scale), paceWords(pace)] : el("span", { class: "who" }, "not measured")) : null,
  );
}

const paceWords = (pace) => el("span", { class: "pace" }, `${seconds(pace.serial)} → ${seconds(pace.parallel)}`, el("strong", {}, times(pace.gain)));

function drawOverview() {
  const only = report.assignments.length === 1;
  $("headline").replaceChildren(only ? foreign(report.assignments[0]) : "Class report");
  if (!rows.length) {
    $("overview").replaceChildren($("headline"), el("p", {}, "Nothing was graded."), $("notices"));
    drawNotices();
    return;
  }
  $("figures").replaceChildren(...figures());
  $("assignments").replaceChildren(assignmentsTable());
  drawNotices();
  setUpTable(drawMarks);
}

function drawNotices() {
  if (!report.skipped.length) return;
  $("notices").replaceChildren(el("details", { class: "notice" }, el("summary", {}, `Skipped: ${counted(report.skipped.length, "notice")}`), el("ul", {}, report.skipped.map((line) => el("li", {}, line)))));
}

function drawFrame() {
  $("masthead").hidden = false;
  $("graded").textContent = `Graded ${report.started}`;
  const { level, layers, missing } = report.sandbox;
  const having = layers.length ? ` (${layers.join(", ")})` : "";
  const lacking = missing.length ? `, without ${missing.join(", ")}` : "";
  const whose = forStudents ? "As students may see it: of datasets that are not public, whether they pass. " : "";
  $("foot").replaceChildren(el("p", {}, `${whose}Sandbox level ${level}${having}${lacking}. pymapr ${report.pymapr}.`));
}

/** Those before and after, in the table's order; in the same assignment where the table shows only one. */
function neighboursOf(row) {
  const order = wanted.assignment === "" ? [...new Map(chosen.map((one) => [one.student, one])).values()] : chosen;
  const at = order.findIndex((one) => one.student === row.student);
  const same = (other) => other && (other.student.rows.find((one) => one.assignment === row.assignment) ?? other);
  return { before: same(order[at - 1]), after: at < 0 ? undefined : same(order[at + 1]) };
}

function showStudent(row) {
  if (!$("overview").hidden) left = { scroll: scrollY, row };
  else left.row = row;
  $("student").replaceChildren(...studentPage(row, alone ? null : neighboursOf(row)).filter(Boolean));
  $("overview").hidden = true;
  $("student").hidden = false;
  document.body.classList.add("reading");
  document.title = `${row.student.title} · ${report.assignments[row.assignment]} · pymapr`;
  scrollTo(0, 0);
  return $("who");
}

function showOverview() {
  $("student").hidden = true;
  $("student").replaceChildren();
  $("overview").hidden = false;
  document.body.classList.remove("reading");
  document.title = name;
  scrollTo(0, left.scroll);
  return left.row && $(`row-${left.row.number}`);
}

function route({ first = false } = {}) {
  if (!location.hash.includes("/") && location.hash.length > 1) return; // a place on the page, not a page
  const row = linked(location.hash) ?? (alone ? rows[0] : undefined);
  // Details come after this script: a link straight to a student may be quicker than they are.
  if (row && document.readyState === "loading") return addEventListener("DOMContentLoaded", () => route({ first }), { once: true });
  const focus = row ? showStudent(row) : showOverview();
  if (!first) focus?.focus({ preventScroll: true });
}

history.scrollRestoration = "manual";
addEventListener("beforeprint", () => document.querySelectorAll("#student details").forEach((one) => (one.open = true)));
addEventListener("hashchange", () => route());
$("scriptless").remove();
drawFrame();
if (!alone) drawOverview();
route({ first: true });
