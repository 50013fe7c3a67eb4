// A document of Tiled's, as the page reads it: as much of the DOM as that takes, since Node has none.

/** @returns {Document} */
export function parseXml(text) {
  const root = new Element("", {});
  const open = [root];
  for (const [, close, tag, attributes, empty, words] of text.matchAll(
    /<(?:\?[^>]*|(\/)?([\w-]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/)?)>|([^<]+)/g,
  )) {
    if (words !== undefined) open.at(-1).text += words;
    else if (close) open.pop();
    else if (tag) {
      const element = new Element(tag, Object.fromEntries(readAttributes(attributes)));
      open.at(-1).children.push(element);
      if (!empty) open.push(element);
    }
  }
  return { documentElement: root.children[0] };
}

function readAttributes(text) {
  return [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
}

class Element {
  children = [];
  text = "";

  constructor(tagName, attributes) {
    [this.tagName, this.attributes] = [tagName, attributes];
  }

  get textContent() {
    return this.text + this.children.map(({ textContent }) => textContent).join("");
  }

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }
}
