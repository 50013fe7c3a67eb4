// The way through the page: log in, choose a character, play.

import { Api } from "../../js/src/index.js";
import { charactersScreen } from "./accounts/characters.js";
import { emailScreen, sendsMails } from "./accounts/email.js";
import { gateScreen, keepScreen } from "./accounts/gate.js";
import { LogIn } from "./accounts/log-in.js";
import { makeScreen } from "./accounts/make.js";
import { forgetVisit, lastVisit, noteVisit } from "./accounts/visit.js";
import { Assets } from "./assets.js";
import { Backdrop } from "./backdrop.js";
import { showIcon, useSettings } from "./document.js";
import { h } from "./dom.js";
import { endingScreen } from "./game/ending.js";
import { Game } from "./game/game.js";
import { Settings } from "./settings.js";
import { SocialPanel } from "./social/panel.js";
import { SocialSocket } from "./social/socket.js";
import { Sound } from "./sound/sound.js";
import { entryWords } from "./words/errors.js";

/** Whoever waits longer for the world is told why that can be. */
const LONG_WAIT_MS = 6_000;

/** The flow from screen to screen. */
class Flow {
  #stage = document.getElementById("stage");
  #backdrop = new Backdrop(document.getElementById("backdrop"));
  #api = new Api(location.origin);
  #logIn = new LogIn(this.#api);
  #settings = new Settings();
  #sound = new Sound(this.#settings);
  #assets;
  #realm = "Realmgate";
  #classes = [];
  /** Whispers and the party, from the login to the log-out. */
  #social = null;

  async begin() {
    useSettings(this.#settings);
    this.#logIn.addEventListener("ended", () => this.#logInEnded());
    const asked = this.#api.worldStatus().catch(() => null);
    this.#assets = await Assets.load();
    this.#showPictures();
    const status = await asked;
    this.#realm = status?.name ?? this.#realm;
    document.title = `Play ${this.#realm}`;
    const wasThere = this.#logIn.isThere;
    if (await this.#logIn.resume()) return this.#characters();
    this.#gate(wasThere ? "Another tab is using your login. To play in this tab, log in here." : "");
  }

  /** The way in waits for none of them. Those of the world come while somebody logs in. */
  async #showPictures() {
    showIcon(this.#assets);
    const isPainted = this.#backdrop.paintOnce(this.#assets.picture("pictures/ui/title.png"));
    this.#backdrop.start(this.#settings.get("reducedMotion"));
    await isPainted;
    await this.#assets.unpack();
  }

  /** @param {{ element: Element, focus?: () => void }} screen */
  #show(screen) {
    this.#stage.replaceChildren(screen.element);
    screen.focus?.();
  }

  #wait(text) {
    this.#show({ element: h("p.centred.waiting", { role: "status" }, text) });
  }

  #gate(notice = "") {
    this.#social?.socket.close();
    this.#social = null;
    const options = { settings: this.#settings, realm: this.#realm, visit: lastVisit(), notice, onDone: () => this.#characters() };
    this.#show(gateScreen({ ...this.#shared(), ...options }));
  }

  /** The server takes the log-in no more. A game says so itself. */
  #logInEnded() {
    if (!this.#stage.querySelector(".game")) this.#gate("You have been logged out. Log in again.");
  }

  /** Calls the server. Answers null where that failed, and says why. */
  async #asking(ask) {
    try {
      return await ask();
    } catch (error) {
      if (this.#logIn.isThere) this.#end(entryWords(error), () => this.#characters());
      return null;
    }
  }

  async #characters() {
    this.#backdrop.start(this.#settings.get("reducedMotion"));
    const characters = await this.#asking(async () => {
      this.#classes = await this.#api.classes();
      return this.#logIn.with((token) => this.#api.characters(token));
    });
    if (!characters) return;
    this.#openSocial();
    if (characters.length === 0) return this.#make({ isFirst: true });
    this.#show(
      charactersScreen({
        ...this.#shared(),
        characters,
        social: this.#social.panel,
        onMake: () => this.#make(),
        onChanged: () => this.#characters(),
        onEnter: (character) => this.#enter(character),
        onKeep: () => this.#keep(),
        onEmail: () => this.#email(),
        onLogOut: () => this.#logOut(),
      }),
    );
  }

  #openSocial() {
    if (this.#social && !this.#social.socket.hasEnded) return;
    this.#social?.socket.close();
    const socket = new SocialSocket(location.origin, this.#logIn);
    this.#social = { socket, panel: new SocialPanel(socket) };
    socket.connect();
  }

  /** A guest gets a name and a password. */
  #keep() {
    const onDone = () => this.#characters();
    this.#show(keepScreen({ ...this.#shared(), onDone, onKept: () => (sendsMails() ? this.#email() : onDone()) }));
  }

  #email() {
    this.#show(emailScreen({ ...this.#shared(), onDone: () => this.#characters() }));
  }

  #make({ isFirst = false } = {}) {
    const onBack = () => (isFirst ? this.#logOut() : this.#characters());
    const onMade = (character) => this.#enter(character);
    const options = { social: this.#social.panel, onMade, onBack, backWord: isFirst ? "Log out" : "Back" };
    this.#show(makeScreen({ ...this.#shared(), ...options }));
  }

  #shared() {
    return { api: this.#api, logIn: this.#logIn, assets: this.#assets, classes: this.#classes };
  }

  async #enter(character) {
    this.#wait("Entering the world…");
    const why = () => this.#wait("Still entering. If your character is in combat, it has to leave combat first…");
    const longWait = setTimeout(why, LONG_WAIT_MS);
    try {
      const game = await Game.enter({
        ...this.#shared(),
        settings: this.#settings,
        sound: this.#sound,
        character,
        onOver: (end) => this.#over(end, character),
      });
      // A stay that has ended on the way in has said so itself.
      if (game.isOver) return;
      noteVisit({ character: character.name, username: this.#logIn.isGuest ? null : this.#logIn.username });
      this.#backdrop.stop();
      this.#show(game);
    } catch (error) {
      console.error(error);
      this.#backdrop.start(this.#settings.get("reducedMotion"));
      if (this.#logIn.isThere) this.#end(entryWords(error), () => this.#enter(character));
    } finally {
      clearTimeout(longWait);
    }
  }

  /** A stay in the world is over. */
  async #over(end, character) {
    this.#wait("Leaving the world…");
    if (end.wants === "characters") return this.#characters();
    if (end.wants === "logout") return this.#logOut();
    this.#backdrop.start(this.#settings.get("reducedMotion"));
    return this.#end(end.words, () => this.#enter(character));
  }

  #end(words, onRetry) {
    this.#show(
      endingScreen(words, {
        onRetry,
        onCharacters: () => this.#characters(),
        onLogIn: () => (this.#logIn.forget(), this.#gate()),
      }),
    );
  }

  async #logOut() {
    await this.#logIn.end();
    forgetVisit();
    this.#backdrop.start(this.#settings.get("reducedMotion"));
    this.#gate();
  }
}

// Who only watches has a flow of its own.
if (new URLSearchParams(location.search).has("watch")) {
  import("./watch/flow.js").then(({ WatchFlow }) => new WatchFlow().begin());
} else new Flow().begin();
