// What the panels share: calling the server, following the newest message, drawing only what changed.

/** Calls the server; a refusal becomes an error with its reason. */
export async function post(path, body) {
  const response = await fetch(`/demo/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.problem ?? `The server said ${response.status}.`);
  return answer;
}

/** Keeps a feed at its end while its reader is there. */
export function follow(panel) {
  const feed = panel.querySelector("[data-feed]");
  const button = panel.querySelector("[data-to-end]");
  let atEnd = true;
  const toEnd = () => { feed.scrollTop = feed.scrollHeight; };
  feed.addEventListener("scroll", () => {
    atEnd = feed.scrollHeight - feed.scrollTop - feed.clientHeight < 60;
    button.hidden = atEnd;
  });
  button.addEventListener("click", toEnd);
  new ResizeObserver(() => atEnd && toEnd()).observe(feed);
  return { stay: () => atEnd && toEnd(), toEnd };
}

/** Draws a list so that only what changed is drawn again. */
export function reconcile(list, items, draw) {
  const known = new Map([...list.children].map((node) => [node.dataset.key, node]));
  let previous = null;
  for (const item of items) {
    const signature = JSON.stringify(item);
    let node = known.get(item.key);
    if (!node || node.signature !== signature) {
      const fresh = draw(item);
      fresh.dataset.key = item.key;
      fresh.signature = signature;
      if (node) {
        fresh.style.animation = "none";
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    known.delete(item.key);
    const place = previous ? previous.nextSibling : list.firstChild;
    if (node !== place) list.insertBefore(node, place);
    previous = node;
  }
  known.forEach((node) => node.remove());
}
