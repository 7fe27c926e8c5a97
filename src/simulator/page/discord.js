// The Discord channel.
import { composer, starters } from "./composer.js";
import { clock, dots, el, icon, markdown, people, size } from "./formatting.js";
import { follow, post, reconcile } from "./feed.js";

/** Messages closer together than this stand under one name. */
const TOGETHER = 7 * 60 * 1000;

export function discord(panel) {
  const part = (name) => panel.querySelector(`[data-${name}]`);
  const list = part("messages");
  const scroll = follow(panel);
  let title = "";
  const input = composer(part("composer"), {
    placeholder: "Message",
    send: async (text) => {
      await post("discord/say", { text });
      scroll.toEnd();
    },
  });

  async function press(message, label, button, node) {
    node.querySelector(".dc-failed")?.remove();
    button.classList.add("busy");
    try {
      await post("discord/press", { message: message.id, button: label });
    } catch (error) {
      node.querySelector(".dc-body").append(el("p", { className: "dc-failed" }, error.message));
    } finally {
      button.classList.remove("busy");
    }
  }

  function draw(message) {
    if (message.key === "empty") return empty();
    const node = el("li", { className: "dc-message" });
    node.classList.toggle("head", message.head);
    node.classList.toggle("private", message.private);
    node.classList.toggle("calls-me", message.calls_me);
    for (const [id, name] of message.names ?? []) people.set(id, name);
    const spine = message.invoked
      ? el("div", { className: "dc-spine" }, el("i", {}, message.invoked.author[0]), el("b", {}, message.invoked.author), "used", el("span", { className: "command" }, `/${message.invoked.text}`))
      : message.reply && el("div", { className: "dc-spine" }, el("i", { className: message.reply.author === message.bot ? "bot" : "" }, message.reply.author[0]), el("b", {}, message.reply.author), el("span", {}, message.reply.text));
    const body = el("div", { className: "dc-body" });
    if (message.head) {
      body.append(el("div", { className: "dc-who" }, el("b", {}, message.author), message.from_bot && el("em", {}, "APP"), el("time", {}, clock(message.sent_millis))));
    }
    if (message.loading) {
      body.append(el("div", { className: "dc-thinking" }, dots(), `${message.author} is thinking…`));
    } else if (message.text) {
      const text = el("div", { className: "dc-text" }, ...markdown(message.text));
      if (message.edited) (text.lastElementChild?.tagName === "DIV" ? text.lastElementChild : text).append(el("span", { className: "dc-edited" }, "(edited)"));
      body.append(text);
    }
    body.append(...message.files.map((file, index) => drawFile(message, file, index)));
    for (const row of message.buttons) {
      body.append(el("div", { className: "dc-keys" }, ...row.map((label) => {
        const button = el("button", { className: "dc-key", type: "button", onclick: () => press(message, label, button, node) }, label);
        return button;
      })));
    }
    if (message.silent && !message.loading) body.querySelector(".dc-text")?.prepend(muted());
    if (message.thread) body.append(drawThread(message));
    if (message.private) body.append(el("div", { className: "dc-only" }, icon("eye"), "Only you can see this"));
    const side = message.head ? avatar(message) : el("time", { className: "dc-aside" }, clock(message.sent_millis));
    node.append(...[spine, side, body].filter(Boolean));
    return node;
  }

  function muted() {
    return el("span", { className: "dc-muted", title: "Sent without a sound" }, icon("mute"));
  }

  /** The box of a thread below its message; it opens in place. */
  const opened = new Set();
  function drawThread(message) {
    const { name, messages } = message.thread;
    const count = messages.length === 1 ? "1 message" : `${messages.length} messages`;
    const newest = messages.at(-1);
    const box = el("details", { className: "dc-thread" },
      el("summary", {}, el("b", {}, name), el("span", { className: "command" }, `${count} ›`), newest && el("span", { className: "dc-newest" }, newest.text.split("\n")[0])),
      el("ul", {}, ...messages.map((inside) => draw({ ...inside, key: inside.id, bot: message.bot, head: true }))));
    box.open = opened.has(message.id);
    box.addEventListener("toggle", () => (box.open ? opened.add(message.id) : opened.delete(message.id)));
    return box;
  }

  function avatar(message) {
    if (message.from_bot) return el("span", { className: "dc-avatar" }, icon("mark"));
    return el("span", { className: "dc-avatar person" }, message.author[0]);
  }

  function drawFile(message, file, index) {
    return el("a", { className: "dc-file", href: `/demo/discord/file/${message.id}/${index}`, download: file.name },
      icon("file"), el("div", {}, el("b", {}, file.name), el("span", {}, size(file.size))));
  }

  function empty() {
    const texts = ["/help", "/submit talk 12s", "/submit markdown", "/submit fail 500"];
    return el("li", { className: "dc-empty" }, icon("hash"), el("h3", {}, `Welcome to #${title}!`),
      el("p", {}, "This is the start of the channel. Use a command of the bot:"), starters(texts, input.send));
  }

  function update(chat) {
    title = chat.title;
    part("title").textContent = chat.title;
    part("subtitle").textContent = chat.online ? `${chat.bot} is online` : `${chat.bot} is offline`;
    part("typing").replaceChildren(...(chat.typing ? [dots(), el("span", {}, el("b", {}, chat.bot), " is typing…")] : []));
    input.offer(chat.commands);
    input.say(`Message #${chat.title}`);
    const items = chat.messages.map((message, index, all) => {
      const previous = all[index - 1];
      const continues = previous?.author === message.author && message.sent_millis - previous.sent_millis < TOGETHER;
      return { ...message, key: message.id, bot: chat.bot, head: !continues || Boolean(message.invoked || message.reply) };
    });
    reconcile(list, items.length ? items : [{ key: "empty" }], draw);
    scroll.stay();
  }

  return { update, compose: (text) => input.set(text) };
}
