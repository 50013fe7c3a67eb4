// What settings change about the whole document.

import { h } from "./dom.js";

/** Shows the world's emblem on the browser's tab. */
export function showIcon(assets) {
  const href = assets.url("pictures/ui/emblem.png");
  if (href) document.head.append(h("link", { rel: "icon", type: "image/png", href }));
}

/** Keeps the document as the settings say. */
export function useSettings(settings) {
  const coarse = matchMedia("(pointer: coarse)");
  const apply = () => {
    const root = document.documentElement;
    const touch = settings.get("touch");
    root.style.setProperty("--ui-scale", settings.get("uiScale"));
    root.classList.toggle("still", settings.get("reducedMotion"));
    root.classList.toggle("colour-blind", settings.get("palette") === "colour-blind");
    root.classList.toggle("touch", touch === "on" || (touch === "auto" && coarse.matches));
  };
  settings.addEventListener("change", apply);
  coarse.addEventListener("change", apply);
  apply();
}
