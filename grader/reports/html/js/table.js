// The table of submissions: what is asked for, in which order, and as many rows as anybody looks at.

const PAGE = 100;

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
const NAMES = new Map([...students].sort((a, b) => byName(a.title, b.title)).map((student, place) => [student, place]));

const COLUMNS = [
  { key: "student", title: "Student", value: (row) => NAMES.get(row.student), cell: studentCell, header: true },
  { key: "assignment", title: "Assignment", value: (row) => row.assignment, cell: (row) => foreign(report.assignments[row.assignment]) },
  { key: "verdict", title: "Verdict", value: (row) => -row.verdict, cell: (row) => badge(report.verdicts[row.verdict]) },
  { key: "points", title: "Points", value: (row) => row.share, cell: pointsCell, number: true },
  { key: "serial", title: "Serial, s", value: (row) => row.serial, cell: (row) => plainSeconds(row.serial), number: true, extra: true },
  { key: "parallel", title: "Parallel, s", value: (row) => row.parallel, cell: (row) => plainSeconds(row.parallel), number: true, extra: true },
  { key: "gain", title: "Gain", value: (row) => row.gain, cell: (row) => times(row.gain), number: true, extra: true },
]
  .filter((column) => column.key !== "assignment" || report.assignments.length > 1)
  .filter((column) => !column.extra || rows.some((row) => column.value(row) !== null));

const wanted = { words: [], assignment: "", verdict: "" };
const sorting = { key: "student", down: false };
let chosen = [];
let shown = 0;

function studentCell(row) {
  const { name, title, group } = row.student;
  const aside = [title === name ? null : name, group].filter(Boolean).join(" · ");
  return [el("a", { href: `#${row.link}`, id: `row-${row.number}` }, foreign(title)), aside ? el("span", { class: "who" }, foreign(aside)) : null];
}

function pointsCell(row) {
  const notes = [row.override ? "set by hand" : "", row.late ? `${counted(row.late, "day")} late` : ""].filter(Boolean);
  return [
    el("span", { class: "mark" }, points(row.mark), el("span", { class: "of" }, ` / ${points(row.max)}`)),
    notes.length ? el("span", { class: "who" }, notes.join(", ")) : null,
  ];
}

function matches(row) {
  return (
    (wanted.assignment === "" || row.assignment === Number(wanted.assignment)) &&
    (wanted.verdict === "" || row.verdict === Number(wanted.verdict)) &&
    wanted.words.every((word) => row.student.found.includes(word))
  );
}

/** What cannot be compared comes last, whichever way one sorts; equals stay by student and assignment. */
function inOrder(a, b) {
  const { value } = COLUMNS.find((column) => column.key === sorting.key);
  const [one, other] = [value(a), value(b)];
  if ((one === null) !== (other === null)) return one === null ? 1 : -1;
  const first = one === null ? 0 : (one - other) * (sorting.down ? -1 : 1);
  return first || NAMES.get(a.student) - NAMES.get(b.student) || a.assignment - b.assignment;
}

function drawTable() {
  chosen = rows.filter(matches).sort(inOrder);
  shown = 0;
  document.getElementById("rows").replaceChildren();
  showMore();
  const all = chosen.length === rows.length;
  document.getElementById("count").textContent = all ? counted(rows.length, "submission") : `${grouped(chosen.length)} of ${counted(rows.length, "submission")}`;
  document.getElementById("submissions").setAttribute("aria-rowcount", chosen.length + 1);
  document.getElementById("clear").hidden = !(wanted.words.length || wanted.assignment || wanted.verdict);
  for (const title of document.querySelectorAll("#titles th")) {
    const sorted = title.dataset.key === sorting.key;
    title.toggleAttribute("data-sorted", sorted);
    if (sorted) title.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    else title.removeAttribute("aria-sort");
  }
}

function showMore(limit = PAGE) {
  const next = chosen.slice(shown, shown + limit).map((row, offset) => tableRow(row, shown + offset));
  shown += next.length;
  const body = document.getElementById("rows");
  body.append(...next);
  if (!chosen.length && !body.childElementCount) {
    body.append(el("tr", { role: "row" }, el("td", { role: "cell", class: "nothing", colspan: COLUMNS.length }, "No submission is like that.")));
  }
  document.getElementById("more").hidden = shown === chosen.length;
}

function tableRow(row, place) {
  const cells = COLUMNS.map(({ key, number, header, extra, cell }) => {
    const kind = `at-${key}${number ? " number" : ""}${extra ? " extra" : ""}`;
    return header
      ? el("th", { scope: "row", role: "rowheader", class: kind }, cell(row))
      : el("td", { role: "cell", class: kind }, cell(row));
  });
  const follow = (event) => event.target.closest("a") || String(getSelection()) || (location.hash = row.link);
  return el("tr", { role: "row", "aria-rowindex": place + 2, onclick: follow }, cells);
}

function sortBy(key) {
  sorting.down = sorting.key === key && !sorting.down;
  sorting.key = key;
  drawTable();
}

function drawTitles() {
  const titles = COLUMNS.map(({ key, title, number, extra }) =>
    el(
      "th",
      { scope: "col", role: "columnheader", class: `at-${key}${number ? " number" : ""}${extra ? " extra" : ""}`, "data-key": key },
      el("button", { type: "button", onclick: () => sortBy(key) }, title, el("span", { class: "arrow", "aria-hidden": "true" })),
    ),
  );
  document.getElementById("titles").replaceChildren(...titles);
}

function choices(select, every, options) {
  select.replaceChildren(el("option", { value: "" }, every), ...options.map(([value, words]) => el("option", { value }, words)));
}

/** Shows only what has this value; `changed` is told of it. */
function only(key, value) {
  document.getElementById(key).value = value;
  document.getElementById("toolbar").dispatchEvent(new Event("input"));
  document.getElementById("submissions-title").focus({ preventScroll: true });
  document.getElementById("submissions-title").scrollIntoView({ block: "start" });
}

function setUpTable(changed) {
  const toolbar = document.getElementById("toolbar");
  const [search, assignment, verdict] = ["search", "assignment", "verdict"].map((name) => document.getElementById(name));
  const present = [...new Set(rows.map((row) => row.verdict))].sort((a, b) => b - a);
  choices(assignment, "All", report.assignments.map((name, place) => [place, name]));
  choices(verdict, "All", present.map((place) => [place, report.verdicts[place]]));
  document.getElementById("assignment-field").hidden = report.assignments.length < 2;
  const ask = () => {
    wanted.words = folded(search.value).split(/\s+/).filter(Boolean);
    [wanted.assignment, wanted.verdict] = [assignment.value, verdict.value];
    drawTable();
    changed();
  };
  toolbar.addEventListener("input", ask);
  toolbar.addEventListener("submit", (event) => event.preventDefault());
  toolbar.addEventListener("reset", () => setTimeout(() => (ask(), search.focus())));
  document.getElementById("show-more").addEventListener("click", () => {
    const first = chosen[shown];
    showMore(PAGE * 5);
    document.getElementById(`row-${first.number}`).focus({ preventScroll: true });
  });
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && shown < chosen.length && showMore(), { rootMargin: "600px" }).observe(
    document.getElementById("more"),
  );
  addEventListener("beforeprint", () => showMore(chosen.length));
  drawTitles();
  ask();
}
