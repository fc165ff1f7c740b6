// The route call in words.
import { element } from "./dom.js";

const ROUTES = {
  known_item: "find it", similar_artists: "similar artists", new_releases: "new releases",
  personalized_recs: "explore", playlist: "playlist", podcasts: "podcasts", assistant: "assistant", search: "search",
};
const LISTS = ["artists", "titles", "entity_types", "genres", "moods", "activities", "topics", "languages", "traits"];

export function chips(call) {
  if (call.calls) return call.calls.flatMap((one) => [chip(one.tool.replaceAll("_", " "), "route"), ...facets(one)]);
  return [chip(ROUTES[call.route] || call.route, "route"), ...facets(call)];
}

function facets(call) {
  const said = LISTS.flatMap((field) => call[field] || []).map((value) => chip(value));
  if (call.year_from || call.year_to) said.push(chip(years(call.year_from, call.year_to)));
  if (call.max_weeks_from_release) said.push(chip(`last ${weeks(call.max_weeks_from_release)}`));
  return said.concat((call.exclude || []).map((value) => chip(value, "not", `not: ${value}`)));
}

function chip(text, kind = "", label) {
  return element("span", { className: `chip ${kind}`, text: label || text });
}

function years(from, to) {
  if (!to) return `since ${from}`;
  if (!from) return `until ${to}`;
  if (from === to) return String(from);
  return to - from === 9 && from % 10 === 0 ? `${from}s` : `${from}–${to}`;
}

function weeks(count) {
  return count === 1 ? "week" : count === 52 ? "year" : `${count} weeks`;
}
