// The search page: the box, the address, and the order of what happens.
import { chips } from "./chips.js";
import { element } from "./dom.js";
import { openItem } from "./item.js";
import { placeholder, section } from "./sections.js";
import { search } from "./stream.js";

const EXAMPLES = [
  "new indie rock releases", "find artists similar to Radiohead", "upbeat latin pop for a party",
  "songs by Queen from the 70s", "english lessons for spanish speakers podcast", "music for a rainy sunday",
];
const SOURCES = {
  cache: "remembered", llm: "read by the model", fast_path: "exact match",
  fallback: "plain search: the model did not answer",
};
const at = (id) => document.getElementById(id);
const box = at("q");
const results = at("results");
let running = new AbortController();

function searchFor(query, push = true) {
  running.abort();
  running = new AbortController();
  box.value = query;
  const parameters = new URLSearchParams({ q: query });
  if (at("listener").value) parameters.set("user_id", at("listener").value);
  if (push) history.pushState(null, "", query ? `/?${parameters}` : "/");
  document.title = query ? `${query} · pfr` : "pfr · search";
  at("start").hidden = Boolean(query);
  at("meta").hidden = true;
  at("problem").hidden = true;
  results.replaceChildren();
  if (!query) return;
  results.append(placeholder({ id: "waiting", title: "…" }));
  say("Searching");
  search(parameters, running.signal, handlers()).catch(failed);
}

function handlers() {
  let layout = "shelves";
  const spans = [];
  return {
    route(event) {
      layout = event.layout;
      understood(event);
      results.replaceChildren(...event.sections.map(placeholder));
    },
    section(found) {
      spans.push([found.title, found.took_ms]);
      const made = section(found, layout, (item) => openItem(at("item"), item, searchFor));
      const old = [...results.children].find((child) => child.dataset.sectionId === found.id);
      if (made && old) old.replaceWith(made);
      else if (made) results.append(made);
      else old?.remove();
      results.querySelector("[data-testid=item]")?.setAttribute("tabindex", "0");
    },
    done(event) {
      if (event.partial) {
        results.prepend(element("p", { className: "partial", text: "Part of this page could not be loaded in time." }));
      }
      timing([["Understanding", event.timings_ms.route], ...spans, ["All in all", event.timings_ms.total]]);
      say(`${results.querySelectorAll("[data-testid=item]").length} results`);
    },
    busy: (seconds) => trouble(`Busy, trying again in ${seconds} s.`),
    problem(event) {
      results.replaceChildren();
      trouble(event.detail || event.title);
    },
  };
}

function understood(event) {
  at("problem").hidden = true;
  at("meta").hidden = false;
  at("chips").replaceChildren(...chips(event.call));
  const sure = event.confidence === null || event.source === "fast_path" ? "" : ` · ${Math.round(event.confidence * 100)}% sure`;
  at("source").textContent = `${SOURCES[event.source]}${sure} · ${Math.round(event.timings_ms.route)} ms`;
  at("source").dataset.source = event.source;
  at("call").textContent = JSON.stringify(event.call, null, 1);
  at("timing").replaceChildren();
}

function timing(spans) {
  const longest = Math.max(...spans.map(([, ms]) => ms), 1);
  at("timing").replaceChildren(...spans.map(([name, ms]) => element("div", {
    className: "span",
    children: [element("span", { text: name }), bar(ms / longest), element("span", { text: `${ms.toFixed(1)} ms` })],
  })));
}

function bar(share) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS(space, "rect");
  for (const [key, value] of Object.entries({ width: `${100 * share}%`, height: 6, rx: 3, fill: "var(--accent)" })) {
    rect.setAttribute(key, value);
  }
  svg.append(rect);
  return svg;
}

function failed(error) {
  if (error.name === "AbortError") return;
  results.replaceChildren();
  trouble("The service cannot be reached: check that it runs, then search again.");
}

function trouble(text) {
  at("problem").textContent = text;
  at("problem").hidden = false;
  say(text);
}

function say(text) {
  at("status").textContent = text;
}

function move(event) {
  const cards = [...results.querySelectorAll("[data-testid=item]")];
  const here = cards.indexOf(document.activeElement);
  if (here < 0 && !(event.key === "ArrowDown" && document.activeElement === box && cards.length)) return;
  const next = target(event.key, cards, here);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function target(key, cards, here) {
  if (here < 0) return cards[0];
  const parent = cards[here].closest("[data-testid=section]");
  const list = cards[here].closest(".list");
  if (key === "ArrowRight" && !list) return cards[here + 1];
  if (key === "ArrowLeft" && !list) return cards[here - 1];
  if (key === "ArrowDown") return list ? cards[here + 1] : cards.find((c, i) => i > here && c.closest("[data-testid=section]") !== parent);
  if (key === "ArrowUp") return here === 0 ? box : list ? cards[here - 1] : first(cards, here, parent);
  return null;
}

function first(cards, here, parent) {
  const before = cards.slice(0, here).filter((c) => c.closest("[data-testid=section]") !== parent);
  const above = before.at(-1)?.closest("[data-testid=section]");
  return above ? cards.find((c) => c.closest("[data-testid=section]") === above) : box;
}

async function listeners() {
  try {
    const { listeners: known } = await (await fetch("/v1/listeners")).json();
    if (!known.length) return;
    at("listener").append(element("option", { text: "Anyone", attributes: { value: "" } }));
    for (const one of known) {
      at("listener").append(element("option", { text: one.name, attributes: { value: one.id, title: one.about } }));
    }
    at("listener").closest("label").hidden = false;
  } catch { /* the switch stays hidden */ }
}

function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
}

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  if (asked.get("user_id")) at("listener").value = asked.get("user_id");
  searchFor(asked.get("q") || "", false);
}

at("form").addEventListener("submit", (event) => { event.preventDefault(); searchFor(box.value.trim()); });
at("listener").addEventListener("change", () => box.value.trim() && searchFor(box.value.trim()));
at("theme").addEventListener("click", () => {
  const light = getComputedStyle(document.documentElement).colorScheme.includes("light");
  localStorage.setItem("theme", light ? "dark" : "light");
  theme(localStorage.getItem("theme"));
});
addEventListener("popstate", fromAddress);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); box.select(); }
  else if (event.key === "Escape" && document.activeElement === box) { box.value = ""; }
  else if (event.key.startsWith("Arrow")) move(event);
});
at("examples").append(...EXAMPLES.map((query) => {
  const button = element("button", { text: query, attributes: { type: "button" } });
  button.addEventListener("click", () => searchFor(query));
  return button;
}));
theme(localStorage.getItem("theme"));
await listeners();
fromAddress();
