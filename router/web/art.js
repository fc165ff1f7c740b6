// Cover art drawn from an item's id: the catalog has no pictures.
const SPACE = "http://www.w3.org/2000/svg";
const HUES = [
  [/metal|hard rock|punk|grunge|industrial/, 4], [/hip hop|rap|trap|grime|drill/, 32],
  [/latin|reggaeton|salsa|cumbia|bachata|brazil|bossa|samba/, 348], [/electro|house|techno|trance|bass|edm/, 196],
  [/jazz|blues|soul|funk/, 262], [/country|folk|americana/, 88], [/classic|piano|score|ambient/, 222],
  [/pop/, 318], [/afro|amapiano|reggae|highlife/, 142], [/rock|indie|alternative/, 14],
];

function seed(id) {
  let value = 2166136261;
  for (const letter of id) value = Math.imul(value ^ letter.codePointAt(0), 16777619);
  return () => {
    value = Math.imul(value ^ (value >>> 15), 2246822507) + 0x9e3779b9;
    return ((value ^ (value >>> 13)) >>> 0) / 4294967296;
  };
}

function shape(name, attributes) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function hueOf(item, random) {
  const words = [...item.genres, ...(item.topics || [])].join(" ");
  const family = HUES.find(([pattern]) => pattern.test(words));
  return ((family ? family[1] : random() * 360) + random() * 40 - 20 + 360) % 360;
}

export function art(item) {
  const random = seed(item.id);
  const hue = hueOf(item, random);
  const tone = (turn, light) => `hsl(${(hue + turn) % 360} 62% ${light}%)`;
  const svg = shape("svg", { viewBox: "0 0 100 100", class: `art ${item.kind}`, "aria-hidden": "true" });
  svg.append(shape("rect", { width: 100, height: 100, fill: tone(0, 30) }));
  if (item.kind === "podcast" || item.kind === "episode" || item.kind === "audiobook") waves(svg, random, tone);
  else if (item.kind === "playlist") stack(svg, random, tone);
  else circles(svg, random, tone);
  return svg;
}

function circles(svg, random, tone) {
  for (let i = 0; i < 4; i++) {
    svg.append(shape("circle", { cx: random() * 100, cy: random() * 100, r: 16 + random() * 40,
      fill: tone(i * 26, 38 + i * 9), "fill-opacity": 0.72 }));
  }
  svg.append(shape("circle", { cx: 50, cy: 50, r: 6 + random() * 10, fill: tone(170, 86), "fill-opacity": 0.9 }));
}

function stack(svg, random, tone) {
  for (let i = 0; i < 5; i++) {
    svg.append(shape("rect", { x: 10 + i * 7, y: 12 + i * 13, width: 34 + random() * 50, height: 10, rx: 5,
      fill: tone(i * 24, 46 + i * 6) }));
  }
}

function waves(svg, random, tone) {
  for (let i = 0; i < 11; i++) {
    const height = 14 + random() * 62;
    svg.append(shape("rect", { x: 9 + i * 7.7, y: 50 - height / 2, width: 4.4, height, rx: 2.2, fill: tone(i * 5, 62) }));
  }
}
