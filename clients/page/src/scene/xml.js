// What is read of the elements in Tiled's files.

/** The child elements of one name. */
export function children(element, tag) {
  return [...element.children].filter(({ tagName }) => tagName === tag);
}

/** An attribute that is a number; 0 where there is none. */
export function number(element, name) {
  return Number(element.getAttribute(name) ?? 0);
}
