// Takes the state from the server and hands each panel its part.
import { discord } from "./discord.js";
import { model } from "./model.js";
import { telegram } from "./telegram.js";

const tabs = [...document.querySelectorAll(".tabs button")];
const main = document.querySelector("main");

function show(view) {
  main.dataset.view = view;
  tabs.forEach((tab) => {
    tab.setAttribute("aria-selected", tab.dataset.view === view);
    if (tab.dataset.view === view) tab.classList.remove("news");
  });
  window.dispatchEvent(new Event("resize"));
}
tabs.forEach((tab) => tab.addEventListener("click", () => show(tab.dataset.view)));
if (location.hash) show(location.hash.slice(1));

const panels = { telegram: telegram(document.querySelector("#telegram")), discord: discord(document.querySelector("#discord")) };
let active = panels.telegram;
for (const [name, panel] of Object.entries(panels)) {
  document.querySelector(`#${name}`).addEventListener("focusin", () => { active = panel; });
}
panels.model = model(document.querySelector("#model"), (text) => {
  if (getComputedStyle(document.querySelector(".tabs")).display !== "none") show(active === panels.discord ? "discord" : "telegram");
  active.compose(text);
});

let before = null;
function update(state) {
  for (const [name, panel] of Object.entries(panels)) panel.update(state[name]);
  for (const tab of tabs) {
    const count = (view) => (view?.messages ?? view?.calls ?? []).length;
    const name = tab.dataset.view;
    if (before && main.dataset.view !== name && count(state[name]) > count(before[name])) tab.classList.add("news");
  }
  before = state;
}

const lost = document.querySelector(".bar-lost");
const source = new EventSource("/demo/events");
source.addEventListener("message", (event) => { lost.hidden = true; update(JSON.parse(event.data)); });
source.addEventListener("error", () => { lost.hidden = false; });
