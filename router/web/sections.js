// Sections of the results page: placeholders, then what each tool found.
import { art } from "./art.js";
import { element } from "./dom.js";

const ENDS = { timeout: "took too long", error: "could not be loaded", empty: "nothing here for this search" };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FACETS = { weeks: "recency", entity_types: "kind" };

export function placeholder({ id, title }) {
  const bones = Array.from({ length: 6 }, () => element("div", { className: "bone", children: [element("i"), element("i")] }));
  return frame(id, "waiting", title, element("div", { className: "shelf", children: bones }));
}

export function section(found, layout, open) {
  if (found.status === "skipped") return null;
  if (found.status !== "ok") return ended(found);
  const cards = found.items.map((item) => card(item, open));
  const parts = [];
  if (layout === "hero" && found.id === "top") {
    parts.push(element("div", { className: "hero", children: [cards.shift()] }));
  }
  if (cards.length) parts.push(element("div", { className: layout === "list" ? "list" : "shelf", children: cards }));
  return frame(found.id, found.status, found.title, note(found.relaxed), ...parts);
}

function ended(found) {
  const made = frame(found.id, found.status, found.title, element("p", { className: "note", text: ENDS[found.status] }));
  made.classList.add("gone");
  return made;
}

function note(relaxed) {
  if (!relaxed.length) return "";
  const names = relaxed.map((facet) => FACETS[facet] || facet).join(", ");
  return element("p", { className: "note", text: `Not enough exact matches: loosened ${names}.` });
}

function frame(id, status, title, ...children) {
  return element("section", {
    className: "section",
    attributes: { "data-testid": "section", "data-section-id": id, "data-status": status, "aria-label": title },
    children: [element("h2", { text: title }), ...children],
  });
}

function card(item, open) {
  const made = element("button", {
    className: "card",
    attributes: { type: "button", "data-testid": "item", "data-item-id": item.id, tabindex: "-1" },
    children: [
      art(item),
      element("span", { children: [
        element("span", { className: "title", text: item.title, attributes: { dir: "auto" } }),
        element("span", { className: "by", text: byline(item), attributes: { dir: "auto" } }),
      ] }),
      element("span", { className: "facts", text: facts(item) }),
      element("span", { className: "why", text: item.why, attributes: { title: item.why } }),
    ],
  });
  made.addEventListener("click", () => open(item));
  return made;
}

function byline(item) {
  return item.kind === "artist" ? "Artist" : item.artists.join(", ") || item.kind;
}

export function facts(item) {
  return [item.kind === "artist" ? "" : item.kind, released(item), item.genres[0]].filter(Boolean).join(" · ");
}

export function released(item) {
  if (!item.release_date) return "";
  const [year, month, day] = item.release_date.split("-");
  if (item.release_precision === "year") return year;
  const named = `${MONTHS[Number(month) - 1]} ${year}`;
  return item.release_precision === "month" ? named : `${Number(day)} ${named}`;
}
