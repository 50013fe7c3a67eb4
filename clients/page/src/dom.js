// Elements of the page. Text from anywhere gets in as text only.

/**
 * Makes an element: `h("button.big", { type: "button", onclick }, "Play")`. Properties that begin with `on` are
 * listeners, those with a dash and `role` are attributes, `style` is an object, the others are properties of the
 * element.
 * @param {string} what The tag, and classes after dots.
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | number | null | false)} children
 */
export function h(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) setProperty(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== false).map(asNode));
  return element;
}

function setProperty(element, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") Object.entries(value).forEach(([of, to]) => element.style.setProperty(of, to));
  else if (name === "role" || name.includes("-")) element.setAttribute(name, value);
  else element[name] = value;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** What was written last, so that nothing is written twice: the browser lays out only what has changed. */
const written = new WeakMap();

function isNew(element, what, value) {
  const known = written.get(element) ?? written.set(element, new Map()).get(element);
  if (known.get(what) === value) return false;
  known.set(what, value);
  return true;
}

/** Sets an element's text, if it is another. */
export function setText(element, text) {
  if (isNew(element, "text", text)) element.textContent = text;
}

/** Shows or hides an element, if that is a change. */
export function setShown(element, isShown) {
  if (isNew(element, "shown", isShown)) element.hidden = !isShown;
}

/** Sets an attribute, if it is another; null removes it. */
export function setAttribute(element, name, value) {
  if (!isNew(element, `@${name}`, value)) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** Sets a property of an element's style, if it is another. */
export function setStyle(element, name, value) {
  if (isNew(element, `:${name}`, value)) element.style.setProperty(name, value);
}

/** Gives or takes a class, if that is a change. */
export function setClass(element, name, isOn) {
  if (isNew(element, `.${name}`, isOn)) element.classList.toggle(name, isOn);
}

let ids = 0;
/** An id that no other element has. */
export function newId(of) {
  ids += 1;
  return `${of}-${ids}`;
}

/**
 * A picture of the world, empty while it is not there.
 * @param {import("./assets.js").Assets} assets
 * @param {string} path Such as `pictures/items/iron_sword.png`.
 * @param {string} [classes]
 */
export function picture(assets, path, classes = "icon") {
  const image = h(`img.${classes}`, { alt: "", draggable: false, crossOrigin: "anonymous" });
  showPicture(image, assets, path);
  return image;
}

/** Shows another picture in an image. Where there is none, the image is not seen. */
export function showPicture(image, assets, path) {
  if (!isNew(image, "path", path)) return;
  const address = path && assets.url(path);
  image.classList.toggle("missing", !address);
  if (address) image.src = address;
  else image.removeAttribute("src");
}

/** Draws how somebody looks who stands and faces us: the first frame of a sheet of three rows. */
export async function drawPortrait(canvas, assets, path) {
  const sheet = await assets.picture(path);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!sheet) return;
  const size = sheet.height / 3;
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, 0, 0, size, size, 0, 0, canvas.width, canvas.height);
}
