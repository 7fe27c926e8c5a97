// The input below a chat: it grows, suggests commands, sends with Enter, and says what the platform would not take.
import { el, icon } from "./formatting.js";

/** A composer in `form`. `send(text)` is awaited; what it throws is shown. */
export function composer(form, { placeholder, send }) {
  let commands = [];
  let chosen = 0;
  const input = el("textarea", { rows: 1, placeholder, enterKeyHint: "send", spellcheck: false });
  input.setAttribute("aria-label", placeholder);
  const submit = el("button", { type: "submit", className: "send", disabled: true }, icon("send"));
  submit.setAttribute("aria-label", "Send");
  const menu = el("button", { type: "button", className: "menu", onclick: () => set("/") }, icon("slash"));
  menu.setAttribute("aria-label", "Commands");
  const list = el("ol", { className: "suggest", hidden: true });
  list.setAttribute("role", "listbox");
  const problem = el("p", { className: "problem", hidden: true });
  problem.setAttribute("role", "alert");
  form.append(input, menu, submit, list, problem);

  const matching = () => {
    const typed = /^\/([a-z0-9_]*)$/.exec(input.value);
    return typed ? commands.filter((command) => command.name.startsWith(typed[1])) : [];
  };

  function refresh() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
    submit.disabled = !input.value.trim();
    problem.hidden = true;
    const found = matching();
    chosen = Math.min(chosen, Math.max(found.length - 1, 0));
    list.hidden = found.length === 0;
    list.replaceChildren(...found.map((command, index) => {
      const options = command.options.map((option) => el("i", {}, option));
      const item = el("li", { onmousedown: (event) => (event.preventDefault(), complete(command)) },
        el("b", {}, `/${command.name}`), ...options, el("span", {}, command.description));
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", index === chosen);
      return item;
    }));
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function set(text) {
    input.value = text;
    refresh();
    input.focus();
  }

  const complete = (command) => set(`/${command.name} `);

  async function submitted(text) {
    try {
      input.value = "";
      refresh();
      await send(text);
    } catch (error) {
      if (!input.value) set(text);
      problem.textContent = error.message;
      problem.hidden = false;
    }
  }

  input.addEventListener("input", () => { chosen = 0; refresh(); });
  input.addEventListener("blur", () => { list.hidden = true; });
  input.addEventListener("focus", refresh);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const found = list.hidden ? [] : matching();
    const exact = found.length === 1 && input.value === `/${found[0].name}`;
    if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      refresh();
    } else if (found.length && (event.key === "Tab" || (event.key === "Enter" && !exact))) {
      complete(found[chosen]);
    } else if (event.key === "Escape") {
      list.hidden = true;
    } else if (event.key === "Enter" && !event.shiftKey) {
      form.requestSubmit();
    } else {
      return;
    }
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) submitted(input.value.trim());
  });

  return {
    set,
    send: submitted,
    offer: (offered) => { commands = offered; },
    say: (text) => { input.placeholder = text; },
  };
}

/** Buttons with things to begin with. */
export function starters(texts, send) {
  return el("div", { className: "starters" }, ...texts.map((text) => el("button", { type: "button", onclick: () => send(text) }, text)));
}
