// What is known of one item, in a dialog.
import { art } from "./art.js";
import { element } from "./dom.js";
import { facts } from "./sections.js";

export async function openItem(dialog, item, searchFor) {
  show(dialog, item, searchFor);
  dialog.showModal();
  const response = await fetch(`/v1/items/${encodeURIComponent(item.id)}`);
  if (response.ok && dialog.open) show(dialog, { ...item, ...(await response.json()) }, searchFor);
}

function show(dialog, item, searchFor) {
  const close = element("button", { text: "Close", attributes: { type: "button" } });
  close.addEventListener("click", () => dialog.close());
  const rows = [
    art(item),
    element("h2", { text: item.title, attributes: { id: "item-title", dir: "auto" } }),
    element("p", { text: [item.artists.join(", "), facts(item)].filter(Boolean).join(" · ") }),
  ];
  if (item.description) rows.push(element("p", { text: item.description }));
  for (const [field, label] of [["albums", "Albums"], ["top_tracks", "Best known"], ["tracks", "Tracks"]]) {
    if (item[field]?.length) rows.push(element("h3", { text: label }), list(item[field]));
  }
  const actions = element("p", { children: [close] });
  if (item.artists.length) actions.prepend(again(dialog, item.artists[0], searchFor), " ");
  dialog.replaceChildren(...rows, actions);
}

function list(items) {
  return element("ol", { children: items.map((one) => element("li", { text: one.title, attributes: { dir: "auto" } })) });
}

function again(dialog, artist, searchFor) {
  const button = element("button", { text: `Search ${artist}`, attributes: { type: "button" } });
  button.addEventListener("click", () => { dialog.close(); searchFor(artist); });
  return button;
}
