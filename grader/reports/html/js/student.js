// A student's page: what became of one submission, dataset by dataset, and the way to the others.

function studentPage(row, neighbours) {
  const result = details(row);
  return [
    neighbours ? trail(neighbours) : null,
    el("header", { class: "who-head" }, el("h1", { tabindex: "-1", id: "who" }, foreign(row.student.title)), whoElse(row)),
    assignmentTabs(row),
    summary(row, result),
    ...(result.datasets ?? []).map((dataset, place) => datasetCard(dataset, place === firstFailure(result), row)),
    ...(result.withheld ?? []).map(withheldCard),
  ];
}

function trail({ before, after }) {
  const step = (row, words, kind) => (row ? el("a", { href: `#${row.link}`, rel: kind, "aria-label": `${words}: ${row.student.title}` }, words) : el("span", { class: "off", "aria-hidden": "true" }, words));
  return el("nav", { class: "trail", "aria-label": "Report" }, el("a", { href: "#", class: "home" }, "← All submissions"), el("span", { class: "steps" }, step(before, "Previous", "prev"), step(after, "Next", "next")));
}

function whoElse({ student: { name, title, group } }) {
  const facts = [title === name ? null : foreign(name), group ? ["group ", foreign(group)] : null].filter(Boolean);
  return facts.length ? el("p", { class: "aside" }, facts.flatMap((fact, place) => (place ? [" · ", fact] : fact))) : null;
}

function assignmentTabs(current) {
  if (report.assignments.length < 2) return null;
  const tab = (row) =>
    el(
      "li",
      {},
      el(
        "a",
        { href: `#${row.link}`, "aria-current": row === current ? "page" : null },
        el("span", { class: "tab-name" }, foreign(report.assignments[row.assignment])),
        badge(report.verdicts[row.verdict], "small"),
        el("span", { class: "tab-mark" }, `${points(row.mark)} / ${points(row.max)}`),
      ),
    );
  return el("nav", { class: "tabs", "aria-label": "Assignments" }, el("ul", {}, current.student.rows.map(tab)));
}

function summary(row, result) {
  return el(
    "section",
    { class: "summary", "aria-labelledby": "assignment-title" },
    el("h2", { id: "assignment-title" }, foreign(report.assignments[row.assignment])),
    el("p", { class: "outcome" }, badge(report.verdicts[result.verdict], "large"), el("span", { class: "big-mark" }, el("strong", {}, points(result.mark)), ` of ${points(result.max)} points`)),
    reckoning(result),
    remarks(result.remarks),
  );
}

/** How the mark came to be, where it is not simply the sum of the points. */
function reckoning({ submitted, late, override, score, max }) {
  const facts = [];
  if (submitted) facts.push(["Submitted", submitted]);
  if (late) facts.push(["Late", `${counted(late[0], "day")}, which costs ${percent(late[1])} of the points`]);
  if (late || override) facts.push(["Computed", `${points(score)} of ${points(max)} points`]);
  if (override) {
    const [mark, reason, by, at] = override;
    facts.push(["Set by hand", [`${points(mark)} points`, by ? [" by ", foreign(by)] : "", at ? `, ${at}` : "", reason ? [": ", foreign(reason)] : ""].flat()]);
  }
  return facts.length ? el("dl", { class: "reckoning" }, facts.map(([title, value]) => el("div", {}, el("dt", {}, title), el("dd", {}, value)))) : null;
}

function remarks(some) {
  return some?.length ? el("ul", { class: "remarks" }, some.map((remark) => el("li", {}, el("span", { class: "label" }, "Remark"), " ", lines(remark)))) : null;
}

const passed = (dataset) => report.verdicts[dataset.verdict] === "accepted";
const firstFailure = ({ datasets = [] }) => datasets.findIndex((dataset) => !passed(dataset));

function datasetCard(dataset, open) {
  const head = [
    el("h3", {}, foreign(text(dataset.name))),
    text(dataset.visibility) === "public" ? null : el("span", { class: "tag" }, text(dataset.visibility)),
    badge(report.verdicts[dataset.verdict]),
    el("span", { class: "dataset-points" }, `${points(dataset.score)} / ${points(dataset.max)}`),
  ];
  const body = datasetBody(dataset);
  if (!body.length) return el("div", { class: "dataset bare" }, el("div", { class: "dataset-head" }, head));
  return el("details", { class: "dataset", open }, el("summary", { class: "dataset-head" }, head), el("div", { class: "dataset-body" }, body));
}

function datasetBody(dataset) {
  return [
    dataset.message ? el("div", { class: "message" }, lines(dataset.message)) : null,
    dataset.difference ? differenceTable(dataset.difference) : null,
    dataset.hint === undefined ? null : el("p", { class: "hint" }, el("span", { class: "label" }, "Hint"), " ", text(dataset.hint)),
    dataset.reproduce ? reproduce(dataset.reproduce) : null,
    remarks(dataset.remarks),
    dataset.runs ? timeline(dataset.runs) : null,
  ].filter(Boolean);
}

function withheldCard(name) {
  return el("div", { class: "dataset bare" }, el("div", { class: "dataset-head" }, el("h3", {}, foreign(name)), el("span", { class: "tag" }, "withheld, so not judged")));
}

/** A first line as prose, and what follows as it was printed. */
function lines(message) {
  const [first, ...more] = message.split("\n");
  return [el("span", { class: "first" }, first), more.length ? el("pre", { tabindex: "0", role: "group", "aria-label": "Details" }, more.join("\n")) : null];
}

function reproduce(command) {
  const code = el("code", {}, command);
  return el("div", { class: "reproduce" }, el("span", { class: "label" }, "Reproduce"), el("pre", { tabindex: "0", role: "group", "aria-label": "Command" }, code), copyButton(command, code));
}
