// What the model is doing, and the words that steer it.
import { el } from "./formatting.js";
import { post, reconcile } from "./feed.js";

const WORDS = [
  ["talk 12s", "speaks that long"],
  ["sleep 8s", "is silent that long"],
  ["words 800", "long, in parts"],
  ["chars 20000", "very long, as a file"],
  ["markdown", "lists, table, code"],
  ["fail 500", "fails every time"],
  ["fail 500 times 2", "fails twice"],
  ["status 429 retry 2", "asks to wait"],
  ["cut", "breaks off"],
  ["stall", "goes silent half-way"],
  ["refuse", "refuses"],
];

const STATES = { running: "running", completed: "done", client_gone: "client left", cut: "cut off" };

export function model(panel, compose) {
  const part = (name) => panel.querySelector(`[data-${name}]`);
  const hold = part("hold");
  const started = new Map();
  hold.addEventListener("change", () => post("model/hold", { on: hold.checked }));
  part("words").append(...WORDS.map(([word, meaning]) =>
    el("button", { className: "md-word", type: "button", title: "Put it into the chat", onclick: () => compose(`/submit ${word}`) }, el("code", {}, word), meaning)));
  // A phone shows the calls first.
  if (matchMedia("(max-width: 720px)").matches) panel.querySelector("details").open = false;

  const seconds = (millis) => `${(millis / 1000).toFixed(1)} s`;
  const meta = (call, millis) => [`#${call.number}`, call.model, seconds(millis), `${call.sent.toLocaleString("en")} characters`].join(" · ");

  function draw(call) {
    if (call.key === "empty") return el("li", { className: "md-empty" }, "No calls yet. Submit a task in either chat and watch it being worked on here.");
    const state = call.state === "failed" ? `status ${call.status}` : STATES[call.state];
    const node = el("li", { className: "md-call" }, el("span", { className: "md-dot" }), el("p", { className: "md-prompt" }, call.prompt),
      el("span", { className: "md-state" }, state), el("p", { className: "md-meta" }, meta(call, call.took_millis ?? Date.now() - call.began)));
    node.dataset.state = call.state;
    node.call = call;
    return node;
  }

  setInterval(() => {
    for (const node of part("calls").children) {
      if (node.call?.state === "running") node.querySelector(".md-meta").textContent = meta(node.call, Date.now() - node.call.began);
    }
  }, 100);

  function update(view) {
    hold.checked = view.held;
    part("running").textContent = view.running ? `${view.running} running` : `${view.total} ${view.total === 1 ? "call" : "calls"}`;
    const items = view.calls.map(({ age_millis, ...call }) => {
      if (!started.has(call.number)) started.set(call.number, Date.now() - age_millis);
      return { ...call, key: String(call.number), began: started.get(call.number) };
    });
    reconcile(part("calls"), items.length ? items : [{ key: "empty" }], draw);
  }

  return { update };
}
