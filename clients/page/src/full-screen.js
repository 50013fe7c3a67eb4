// The page on the whole screen, where the browser has that.

/** Whether this browser can. Those of iPhones cannot. */
export const hasFullScreen = () => document.fullscreenEnabled === true;

export const isFullScreen = () => document.fullscreenElement !== null;

/** Fills the screen with the page, or leaves it. A browser that refuses changes nothing. */
export function switchFullScreen() {
  const switched = isFullScreen()
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen({ navigationUI: "hide" });
  return switched.catch(() => {});
}
