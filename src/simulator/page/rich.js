// The blocks of Telegram's rich messages. Only text nodes are made of what a model wrote.
import { el, link } from "./formatting.js";

/** The nodes of a list of blocks. */
export function rich(blocks) {
  return blocks.map(block);
}

function block(item) {
  switch (item.type) {
    case "heading":
      return el(`h${item.size}`, {}, ...words(item.text));
    case "pre": {
      const pre = el("pre", {}, ...words(item.text));
      if (item.language) pre.dataset.language = item.language;
      return pre;
    }
    case "divider":
      return el("hr");
    case "footer":
      return el("footer", {}, ...words(item.text));
    case "mathematical_expression":
      return el("div", { className: "tg-formula" }, ...words(item.expression));
    case "blockquote":
      return el("blockquote", {}, ...rich(item.blocks));
    case "list":
      return list(item.items);
    case "table":
      return table(item);
    default:
      return el("p", {}, ...words(item.text));
  }
}

function list(items) {
  const numbered = items[0]?.value !== undefined;
  const node = el(numbered ? "ol" : "ul", {}, ...items.map((item) => {
    const box = item.has_checkbox && el("input", { type: "checkbox", checked: Boolean(item.is_checked), disabled: true });
    return el("li", { className: item.has_checkbox ? "task" : "" }, box, ...rich(item.blocks));
  }));
  if (numbered) node.start = items[0].value;
  return node;
}

/** Wide tables scroll within the message. */
function table(item) {
  const rows = item.cells.map((row) => el("tr", {}, ...row.map((cell) => {
    const node = el(cell.is_header ? "th" : "td", {}, ...words(cell.text));
    node.dataset.align = cell.align;
    return node;
  })));
  return el("div", { className: "tg-table", tabIndex: 0 }, el("table", {}, el("tbody", {}, ...rows)));
}

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", marked: "mark", subscript: "sub", superscript: "sup" };

function words(text) {
  if (typeof text === "string") return [document.createTextNode(text)];
  if (Array.isArray(text)) return text.flatMap(words);
  if (!text) return [];
  if (text.type === "url") return [link(text.url, ...words(text.text))];
  if (text.type === "mathematical_expression") return [el("span", { className: "tg-formula" }, ...words(text.expression))];
  return [el(TAGS[text.type] ?? "span", {}, ...words(text.text))];
}
