// Elements made of text. Nothing here, or anywhere else in these files, reads text as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** An HTML element; `children` are nodes, text, or lists of them; null and "" are left out. */
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Text that somebody else wrote: whichever way it runs, what stands around it stays in place. It may break behind `_`,
 *  and is one word all the same for who copies it. */
function foreign(text, attributes = {}) {
  const parts = String(text ?? "").split("_");
  return el("bdi", attributes, parts.map((part, place) => (place ? ["_", el("wbr"), part] : part)));
}

/** A button that copies `text`, and says so. Where no clipboard is to be had it selects `shown` instead. */
function copyButton(text, shown) {
  const said = el("span", { role: "status", class: "unseen" });
  const tell = (word) => {
    [button.textContent, said.textContent] = [word, word];
    setTimeout(() => ([button.textContent, said.textContent] = ["Copy", ""]), 2000);
  };
  const select = () => {
    getSelection().selectAllChildren(shown);
    tell("Selected");
  };
  const copy = () => (navigator.clipboard ? navigator.clipboard.writeText(text).then(() => tell("Copied"), select) : select());
  const button = el("button", { type: "button", class: "quiet copy", onclick: copy }, "Copy");
  return el("span", {}, button, said);
}
