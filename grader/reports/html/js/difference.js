// Expected and got, side by side, with what differs within a pair marked.

/** The texts' common beginning and end, in characters as one reads them. */
function common(one, other) {
  const [a, b] = [[...one], [...other]];
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return { start, end };
}

function record(text, other) {
  if (text === null) return el("span", { class: "none" }, "no such record");
  if (other === null) return el("code", {}, el("mark", {}, text));
  const { start, end } = common(text, other);
  const letters = [...text];
  const middle = letters.slice(start, letters.length - end).join("");
  return el("code", {}, letters.slice(0, start).join(""), middle ? el("mark", {}, middle) : null, letters.slice(letters.length - end).join(""));
}

function example([expected, got, where]) {
  const cells = [
    el("td", { role: "cell", class: "expected" }, el("span", { class: "label", "aria-hidden": "true" }, "expected"), record(expected, got)),
    el("td", { role: "cell", class: "got" }, el("span", { class: "label", "aria-hidden": "true" }, "got"), record(got, expected)),
  ];
  if (!where) return [el("tr", { role: "row" }, cells)];
  const place = el("tr", { role: "row", class: "where" }, el("td", { role: "cell", colspan: 2 }, where));
  return [el("tr", { role: "row", class: "explained" }, cells), place];
}

/** A table of examples, and how many more there are. */
function differenceTable([counts, missing, unexpected, examples]) {
  const told = sum(examples.map(([expected, got]) => (expected !== null) + (got !== null)));
  const more = missing + unexpected - told;
  return el(
    "div",
    { class: "difference" },
    el(
      "table",
      { role: "table" },
      el("caption", counts ? {} : { class: "unseen" }, counts || "examples"),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...["Expected", "Got"].map((title) => el("th", { scope: "col", role: "columnheader" }, title)))),
      el("tbody", { role: "rowgroup" }, examples.map(example)),
    ),
    examples.length && more > 0 ? el("p", { class: "aside" }, `and ${counted(more, "record")} more`) : null,
  );
}
