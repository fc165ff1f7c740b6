// Elements from values. Values become text nodes or plain attributes, never markup.
export function element(name, { className, text, attributes = {}, children = [] } = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
