// From text to nodes: Telegram's entities and Discord's Markdown. Only text nodes are made of what people wrote.

/** An element with properties and children. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

export const dots = () => el("span", { className: "dots" }, el("i"), el("i"), el("i"));

export function clock(millis) {
  return new Date(millis).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function size(bytes) {
  return bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function link(href, ...children) {
  if (!/^(https?|tg|mailto):/i.test(href)) return el("span", {}, ...children);
  return el("a", { href, target: "_blank", rel: "noreferrer noopener" }, ...children);
}

function spoiler(...children) {
  const node = el("span", { className: "spoiler", onclick: () => node.classList.add("shown") }, ...children);
  return node;
}

/* ---- Telegram: offsets count UTF-16 units, as JavaScript's strings do ---- */

const BLOCKS = ["pre", "blockquote", "expandable_blockquote"];

/** The nodes of a text with entities; `onCommand` is called when a command in it is clicked. */
export function entities(text, list, onCommand) {
  const sorted = [...(list ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return span(text, sorted, 0, text.length, onCommand);
}

function span(text, list, begin, end, onCommand) {
  const nodes = [];
  let at = begin;
  for (let i = 0; i < list.length; i++) {
    const entity = list[i];
    const stop = entity.offset + entity.length;
    if (entity.offset < at || stop > end) continue;
    const isBlock = BLOCKS.includes(entity.type);
    nodes.push(...plain(text.slice(at, entity.offset).replace(isBlock ? /\n$/ : "", ""), onCommand));
    const inner = list.slice(i + 1).filter((other) => other.offset + other.length <= stop);
    nodes.push(entityNode(entity, span(text, inner, entity.offset, stop, onCommand), text.slice(entity.offset, stop), onCommand));
    // The line breaks around a block are the block's own.
    at = isBlock && text[stop] === "\n" ? stop + 1 : stop;
  }
  nodes.push(...plain(text.slice(at, end), onCommand));
  return nodes;
}

function entityNode(entity, children, text, onCommand) {
  const simple = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" }[entity.type];
  if (simple) return el(simple, {}, ...children);
  switch (entity.type) {
    case "pre": {
      const pre = el("pre", {}, text);
      if (entity.language) pre.dataset.language = entity.language;
      return pre;
    }
    case "blockquote":
      return el("blockquote", {}, ...children);
    case "expandable_blockquote": {
      const quote = el("blockquote", { className: "folded", onclick: () => quote.classList.remove("folded") }, ...children);
      return quote;
    }
    case "text_link":
      return link(entity.url, ...children);
    case "spoiler":
      return spoiler(...children);
    case "bot_command":
      return command(text, onCommand);
    default:
      return el("span", {}, ...children);
  }
}

function command(text, onCommand) {
  return el("button", { className: "tg-command", type: "button", onclick: () => onCommand(text) }, text);
}

/** Telegram makes commands and addresses clickable by itself. */
function plain(text, onCommand) {
  return text.split(/((?<=^|\s)\/[a-z0-9_]{1,32}\b|https?:\/\/[^\s]+[^\s.,)])/).map((piece, index) => {
    if (index % 2 === 0) return document.createTextNode(piece);
    return piece.startsWith("/") ? command(piece, onCommand) : link(piece, piece);
  });
}

/* ---- Discord's Markdown ---- */

/** The nodes of a Markdown text. */
export function markdown(text) {
  const nodes = [];
  text.split(/```([\s\S]*?)```\n?/).forEach((piece, index) => {
    if (index % 2 === 0) {
      if (piece) nodes.push(...blocks(piece));
    } else {
      const [, language, body] = /^(?:([a-zA-Z0-9+#_-]+)\n)?\n*([\s\S]*)$/.exec(piece);
      nodes.push(el("pre", language ? { "data-language": language } : {}, body.replace(/\n+$/, "")));
    }
  });
  return nodes;
}

function blocks(text) {
  const nodes = [];
  const lines = text.replace(/\n$/, "").split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) nodes.push(el("div", {}, ...inline(paragraph.join("\n"))));
    paragraph = [];
  };
  const take = (pattern) => {
    const taken = [];
    while (lines.length && pattern.test(lines[0])) taken.push(lines.shift().replace(pattern, ""));
    return taken;
  };
  while (lines.length) {
    const line = lines[0];
    const heading = /^(#{1,3})\s+(.+)$/.exec(line);
    if (heading) {
      flush();
      nodes.push(el(`h${heading[1].length + 2}`, {}, ...inline(heading[2])));
      lines.shift();
    } else if (/^-# /.test(line)) {
      flush();
      nodes.push(el("small", {}, ...inline(line.slice(3))), el("br"));
      lines.shift();
    } else if (/^> /.test(line)) {
      flush();
      nodes.push(el("blockquote", {}, ...inline(take(/^> ?/).join("\n"))));
    } else if (ITEM.test(line)) {
      flush();
      const taken = [];
      // What is indented below an item belongs to it.
      while (lines.length && (ITEM.test(lines[0]) || (taken.length && /^ +\S/.test(lines[0])))) taken.push(lines.shift());
      nodes.push(items(taken));
    } else {
      paragraph.push(lines.shift());
    }
  }
  flush();
  return nodes;
}

const ITEM = /^( *)(?:[-*]|(\d+)\.) (.*)$/;

/** A list of lines, with deeper ones inside the items above them. */
function items(lines) {
  const [, indent, number] = ITEM.exec(lines[0]);
  const list = el(number ? "ol" : "ul", number ? { start: Number(number) } : {});
  let last = null;
  while (lines.length) {
    const item = ITEM.exec(lines[0]);
    if (!item) last.append(el("br"), ...inline(lines.shift().trim()));
    else if (item[1].length > indent.length + 1 && last) last.append(items(deeper(lines, indent.length + 1)));
    else {
      last = el("li", {}, ...inline(item[3]));
      list.append(last);
      lines.shift();
    }
  }
  return list;
}

function deeper(lines, indent) {
  const taken = [];
  while (lines.length && /^ */.exec(lines[0])[0].length > indent) taken.push(lines.shift());
  return taken;
}
/** The names of people whom messages call, by id. */
export const people = new Map();

const INLINE = [
  [/^\\([^\sA-Za-z0-9])/, (m) => document.createTextNode(m[1])],
  [/^(`+)([\s\S]*?[^`])\1(?!`)/, (m) => el("code", {}, m[2])],
  [/^\|\|([\s\S]+?)\|\|/, (m) => spoiler(...inline(m[1]))],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, (m) => el("strong", {}, ...inline(m[1]))],
  [/^__([\s\S]+?)__(?!_)/, (m) => el("u", {}, ...inline(m[1]))],
  [/^~~([\s\S]+?)~~/, (m) => el("s", {}, ...inline(m[1]))],
  [/^\*(?=\S)([\s\S]*?\S)\*(?!\*)/, (m) => el("em", {}, ...inline(m[1]))],
  [/^_(?=\S)([\s\S]*?\S)_(?![_A-Za-z0-9])/, (m) => el("em", {}, ...inline(m[1]))],
  [/^\[([^\]]+)\]\(<?(https?:[^)>\s]+)>?\)/, (m) => link(m[2], ...inline(m[1]))],
  [/^<(https?:[^>\s]+)>/, (m) => link(m[1], m[1])],
  [/^https?:\/\/[^\s<]+[^\s<.,:;"')\]]/, (m) => link(m[0], m[0])],
  [/^<@!?(\d+)>/, (m) => el("span", { className: "dc-mention" }, `@${people.get(m[1]) ?? m[1]}`)],
  [/^<#(\d+)>/, (m) => el("span", { className: "dc-mention" }, `#${m[1]}`)],
  [/^<\/([a-z ]+):\d+>/, (m) => el("span", { className: "dc-mention" }, `/${m[1]}`)],
  [/^<t:(\d+)(?::[tTdDfFR])?>/, (m) => el("span", { className: "dc-mention" }, new Date(m[1] * 1000).toLocaleString())],
];

function inline(text) {
  const nodes = [];
  let rest = text;
  let literal = "";
  while (rest) {
    let found = null;
    for (const [pattern, build] of INLINE) {
      // Underscores inside a word mean nothing.
      if (rest[0] === "_" && /[A-Za-z0-9]$/.test(literal)) break;
      const match = pattern.exec(rest);
      if (match) {
        found = [match[0].length, build(match)];
        break;
      }
    }
    if (found) {
      nodes.push(document.createTextNode(literal), found[1]);
      literal = "";
      rest = rest.slice(found[0]);
    } else {
      literal += rest[0];
      rest = rest.slice(1);
    }
  }
  nodes.push(document.createTextNode(literal));
  return nodes;
}
