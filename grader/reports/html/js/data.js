// What the document holds: a row for each submission at once, a student's details when asked for.

const read = (name) => JSON.parse(document.getElementById(name).textContent);
const report = read("report");
const forStudents = report.audience === "student";

let shared = null;
/** A text that several students share, by its number. */
const text = (number) => (shared ??= read("texts"))[number];

/** Letters without case or accents: `Å` is found as `a`. */
const folded = (words) => words.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();

const students = report.students.map(([name, people, group, words], number) => ({
  number,
  name,
  people,
  group,
  title: people.length ? people.join(", ") : name,
  found: folded([name, ...people, group, words].join(" ")),
  rows: [],
}));

const rows = report.rows.map(([student, assignment, verdict, mark, max, serial, parallel, late, override], number) => ({
  number,
  student: students[student],
  assignment,
  verdict,
  mark,
  max,
  share: mark === null ? null : max > 0 ? mark / max : 1,
  serial,
  parallel,
  gain: gain(serial, parallel),
  late,
  override,
}));

const links = new Map();
for (const row of rows) {
  row.student.rows.push(row);
  // Two whose names look alike once they are made visible are still two.
  const place = `${encodeURIComponent(row.student.name)}/${encodeURIComponent(report.assignments[row.assignment])}`;
  row.link = links.has(place) ? `${place}/${row.number}` : place;
  links.set(row.link, row);
}

/** The row that a URL's hash names, or undefined. */
const linked = (hash) => links.get(hash.replace(/^#/, ""));

/** All that is known of a row's submission. */
function details(row) {
  row.student.details ??= read(`student-${row.student.number}`);
  return row.student.details[row.student.rows.indexOf(row)];
}
