// The Telegram chat.
import { composer, starters } from "./composer.js";
import { clock, dots, el, entities, icon, size } from "./formatting.js";
import { rich } from "./rich.js";
import { follow, post, reconcile } from "./feed.js";

export function telegram(panel) {
  const part = (name) => panel.querySelector(`[data-${name}]`);
  const [list, toast, subtitle] = [part("messages"), part("toast"), part("subtitle")];
  const alert = document.querySelector("[data-alert]");
  const scroll = follow(panel);
  let replyTo = null;
  let latest = null;
  let wentOffline = null;

  const input = composer(part("composer"), {
    placeholder: "Message",
    send: async (text) => {
      const answered = replyTo?.id ?? null;
      reply(null);
      await post("telegram/say", { text, reply_to: answered });
      scroll.toEnd();
    },
  });
  const replying = el("div", { className: "tg-replying", hidden: true });
  part("composer").append(replying);

  function reply(message) {
    replyTo = message;
    replying.hidden = !message;
    if (!message) return;
    const cancel = el("button", { type: "button", onclick: () => reply(null) }, icon("close"));
    cancel.setAttribute("aria-label", "Do not reply");
    replying.replaceChildren(icon("reply"), el("div", {}, el("b", {}, message.author), el("span", {}, message.text || message.files[0]?.name)), cancel);
    panel.querySelector("textarea").focus();
  }

  let toastTimer;
  function say(text) {
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, 3500);
  }

  async function press(message, label, button) {
    button.classList.add("busy");
    try {
      const answer = await post("telegram/press", { message: message.id, button: label });
      if (answer.kind === "toast") say(answer.text);
      if (answer.kind === "alert") {
        alert.querySelector("p").textContent = answer.text;
        alert.showModal();
      }
    } catch (error) {
      say(error.message);
    } finally {
      button.classList.remove("busy");
    }
  }

  function draw(message) {
    if (message.key === "empty") return empty();
    if (message.service) return el("li", { className: "tg-service" }, "Something changed in this chat");
    const node = el("li", { className: `tg-message ${message.from_bot ? "in" : "out"}` });
    for (const name of ["first", "last", "edited", "silent"]) node.classList.toggle(name, Boolean(message[name]));
    node.classList.toggle("has-keys", message.buttons.length > 0);
    if (message.draft) return drawDraft(message, node);
    const meta = el("span", { className: "tg-meta" }, message.silent && muted(), message.edited && "edited ", clock(message.sent_millis), !message.from_bot && icon("check"));
    const quote = message.reply && el("span", { className: "tg-quote" }, el("b", {}, message.reply.author), el("span", {}, message.reply.text));
    const text = message.rich
      ? el("div", { className: "tg-text tg-rich" }, ...rich(message.rich))
      : el("div", { className: "tg-text" }, ...entities(message.text, message.entities, input.send));
    const answer = el("button", { className: "tg-reply", type: "button", title: "Reply", onclick: () => reply(message) }, icon("reply"));
    answer.setAttribute("aria-label", "Reply");
    node.append(el("div", { className: "tg-bubble" }, quote, ...message.files.map((file, index) => drawFile(message, file, index)), text, meta, answer));
    if (message.buttons.length) {
      const rows = message.buttons.map((row) => el("div", { className: "tg-row" }, ...row.map((label) => {
        const button = el("button", { className: "tg-key", type: "button", onclick: () => press(message, label, button) }, label);
        return button;
      })));
      node.append(el("div", { className: "tg-keys" }, ...rows));
    }
    return node;
  }

  function muted() {
    return el("span", { className: "tg-muted", title: "Sent without a sound" }, icon("mute"));
  }

  // What the bot is still writing: not a message yet, so there is nothing to reply to and no time.
  function drawDraft(message, node) {
    node.classList.add("draft");
    const text = message.text ? entities(message.text, message.entities, input.send) : ["Thinking…"];
    node.append(el("div", { className: "tg-bubble" }, el("div", { className: "tg-text" }, ...text), dots()));
    return node;
  }

  function drawFile(message, file, index) {
    return el("a", { className: "tg-file", href: `/demo/telegram/file/${message.id}/${index}`, download: file.name },
      el("span", { className: "tg-file-icon" }, icon("file")), el("div", {}, el("b", {}, file.name), el("span", {}, size(file.size))));
  }

  function empty() {
    const texts = ["/start", "/submit talk 12s", "/submit markdown", "/submit fail 500"];
    return el("li", { className: "tg-empty" }, el("p", {}, "This is your chat with the bot. Hand it something to do:"), starters(texts, input.send));
  }

  function status() {
    if (!latest) return;
    // Between two polls the bot is away for a moment; that is not being offline.
    wentOffline = latest.online ? null : wentOffline ?? Date.now();
    const offline = wentOffline && Date.now() - wentOffline > 1500;
    const text = latest.typing ? "typing" : offline ? "bot, not connected" : "bot";
    if (subtitle.firstChild?.textContent === text) return;
    subtitle.replaceChildren(text, ...(latest.typing ? [dots()] : []));
    subtitle.classList.toggle("typing", latest.typing);
  }
  setInterval(status, 1000);

  function update(chat) {
    part("title").textContent = chat.title;
    latest = chat;
    status();
    input.offer(chat.commands);
    const items = chat.messages.map((message, index, all) => ({
      ...message,
      key: message.id,
      first: all[index - 1]?.from_bot !== message.from_bot,
      last: all[index + 1]?.from_bot !== message.from_bot || message.buttons.length > 0,
    }));
    reconcile(list, items.length ? items : [{ key: "empty" }], draw);
    list.style.margin = items.length ? "" : "auto";
    scroll.stay();
  }

  return { update, compose: (text) => input.set(text) };
}
