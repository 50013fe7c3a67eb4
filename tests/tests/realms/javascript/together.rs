//! Three players on a real server with two maps: in Node over a WebSocket, in Chromium over that or WebTransport, in Rust over UDP.
//! They see each other move, fight, trade, change map, and come back from a loss of three seconds.

use futures_util::future::join_all;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::realm::ClientMessage;
use realmgate_skip::skip;
use realmgate_tests::MapServer;

use super::actors::{Actor, Order, Picture};
use super::in_script::{IN_CHROMIUM, IN_NODE, Play};
use super::lines::Lines;
use super::{in_rust, in_script};
use crate::{browsers, small_world};

/// How long the line is lost.
const LOSS_MS: f64 = 3_000.0;
/// Someone who is shown this near to a place stands there, in units.
const NEAR: f64 = 400.0;
const TILE: f64 = UNITS_PER_TILE as f64;

/// The boar lives until each has struck it.
const BOAR_HEALTH: u32 = 250;

/// Around the mob, out of the safe zone.
const BEFORE_THE_FIELD: [(i32, i32); 3] = [(10, 6), (10, 8), (10, 10)];
/// In the portal.
const IN_THE_PORTAL: [(i32, i32); 3] = [(9, 1), (10, 1), (11, 1)];
/// Where they step back to whom the portal refuses.
const BEFORE_THE_PORTAL: [(i32, i32); 3] = [(9, 4), (10, 4), (11, 4)];
/// On the other map.
const IN_THE_GROVE: [(i32, i32); 3] = [(12, 5), (12, 8), (12, 11)];
const ELSEWHERE_IN_THE_GROVE: [(i32, i32); 3] = [(9, 6), (9, 8), (9, 10)];
const LAST_IN_THE_GROVE: [(i32, i32); 3] = [(12, 8), (12, 5), (12, 11)];

/// The three, those in JavaScript first.
struct Company([Actor; 3]);

impl Company {
    /// All enter, Chromium over this transport.
    async fn enter(server: &MapServer, lines: &Lines, in_chromium: &str) -> Result<Self, String> {
        let api = format!("http://{}", server.api_addr());
        let over = |transport| Play { api: &api, transport, ports: lines.ports() };
        let (in_node, in_chromium) = (over("websocket"), over(in_chromium));
        let home = &server.settings.home;
        let (node, browser, rust) = tokio::join!(
            in_script::enter(IN_NODE, "Nodey", &in_node, home),
            in_script::enter(IN_CHROMIUM, "Browsy", &in_chromium, home),
            in_rust::enter(&api, "Rusty", lines.udp())
        );
        Ok(Self([node?, browser?, rust]))
    }

    /// Those over WebSocket.
    fn by_websocket(&self) -> Vec<&Actor> {
        self.0.iter().filter(|actor| actor.picture().transport == "websocket").collect()
    }

    /// Waits until everybody's picture is so.
    async fn all(&self, what: &str, is: impl Fn(&Actor, &Picture) -> bool) -> Vec<Picture> {
        join_all(self.0.iter().map(|actor| actor.until(what, |picture| is(actor, picture)))).await
    }

    /// Everybody sees everybody else.
    async fn see_each_other(&self) {
        let names: Vec<&str> = self.0.iter().map(|actor| actor.name.as_str()).collect();
        self.all("everybody is in view", |actor, picture| {
            names.iter().all(|name| *name == actor.name || picture.other(name).is_some())
        })
        .await;
    }

    /// Each walks to its place, and everybody sees everybody arrive.
    async fn walk_to(&self, tiles: [(i32, i32); 3]) {
        let places = tiles.map(|(x, y)| Position::tile_centre(x, y));
        let from = self.all("it is shown itself", |_, picture| picture.place.is_some()).await;
        for ((actor, place), at) in self.0.iter().zip(places).zip(from.iter().filter_map(|picture| picture.place)) {
            assert!(at.distance(place) > TILE, "{} is to walk to {place:?} and stands at {at:?}", actor.name);
            actor.order(Order::Walk(place));
        }
        self.all("everybody has arrived", |actor, picture| {
            self.0.iter().zip(places).all(|(other, place)| {
                let own = picture.place.filter(|_| other.name == actor.name);
                let shown = own.or_else(|| picture.other(&other.name)?.place);
                shown.is_some_and(|shown| shown.distance(place) < NEAR)
            })
        })
        .await;
    }

    /// All fight the mob until it is dead: each hits it, and each sees it lose health and die.
    async fn fight(&self) {
        let seen = self.all("the mob is in view", |_, picture| picture.mob().is_some()).await;
        let mob = seen[0].mob().expect("it was just seen").clone();
        assert!(seen.iter().all(|picture| picture.mob().is_some_and(|same| same.entity == mob.entity)), "one mob");
        for actor in &self.0 {
            actor.order(Order::Attack(Some(EntityId(mob.entity))));
        }
        let health = |picture: &Picture| picture.mob().and_then(|mob| mob.health);
        let full = mob.health.expect("mobs have health");
        self.all("the mob is hurt", |_, picture| health(picture).is_some_and(|health| (1..full).contains(&health)))
            .await;
        self.all("the mob is dead", |_, picture| health(picture) == Some(0)).await;
        self.all("it has hit the mob", |_, picture| picture.hits > 0).await;
        for actor in &self.0 {
            actor.order(Order::Attack(None));
        }
    }

    /// One gives gold to another, and both see how it ends.
    async fn trade(&self, giver: usize, taker: usize, gold: u64) {
        let (giver, taker) = (&self.0[giver], &self.0[taker]);
        let (before, others) = (giver.picture(), taker.picture());
        giver.ask(ClientMessage::TradeRequest { with: EntityId(others.entity) });
        taker.until("it is asked to trade", |picture| picture.asked.last() == Some(&giver.name)).await;
        taker.ask(ClientMessage::TradeAnswer { accept: true });
        giver.until("the trade has begun", |picture| picture.trade.is_some()).await;
        giver.ask(ClientMessage::TradeOffer { items: Vec::new(), gold });
        let offers =
            |picture: &Picture, offers: [u64; 2]| picture.trade.as_ref().is_some_and(|trade| trade.gold == offers);
        let (shown, _) = tokio::join!(
            giver.until("it sees its offer", |picture| offers(picture, [gold, 0])),
            taker.until("it sees the offer", |picture| offers(picture, [0, gold])),
        );
        let revision = shown.trade.expect("it is shown").revision;
        giver.ask(ClientMessage::TradeConfirm { revision });
        taker
            .until("the other has confirmed", |picture| picture.trade.as_ref().is_some_and(|trade| trade.confirmed[1]))
            .await;
        taker.ask(ClientMessage::TradeConfirm { revision });
        let is_done =
            |picture: &Picture, gold| picture.gold == gold && picture.ended.last().is_some_and(|end| end == "Done");
        tokio::join!(
            giver.until("it has given the gold", |picture| is_done(picture, before.gold - gold)),
            taker.until("it has the gold", |picture| is_done(picture, others.gold + gold)),
        );
    }

    /// All go through the portal and meet on the other side, with what they own.
    async fn travel(&self) {
        let gold = self.0.iter().map(|actor| actor.picture().gold).collect::<Vec<_>>();
        let ways = self.0.iter().zip(IN_THE_PORTAL.into_iter().zip(BEFORE_THE_PORTAL));
        let there = join_all(ways.map(|(actor, (inside, before))| goes_through(actor, inside, before))).await;
        assert_eq!(there.iter().map(|picture| picture.gold).collect::<Vec<_>>(), gold, "what they own travels too");
        self.see_each_other().await;
    }

    /// Nothing gets through for three seconds. Nobody is lost for it.
    async fn endure_silence(&self, lines: &Lines) {
        lines.silence(true);
        let heard = self.all("it has heard nothing for a while", |_, picture| picture.silent_ms >= LOSS_MS).await;
        assert!(heard.iter().all(|picture| picture.is_connected && !picture.others.is_empty()), "{heard:#?}");
        lines.silence(false);
        self.all("it hears the world again", |_, picture| picture.silent_ms < 500.0).await;
    }

    /// Every WebSocket breaks, and for three seconds there are no others. Those who played over one come back by themselves.
    async fn endure_a_cut(&self, lines: &Lines) {
        lines.cut(true);
        let cut = self.by_websocket();
        let lost = |what, is: fn(&Picture) -> bool| join_all(cut.iter().map(move |actor| actor.until(what, is)));
        lost("its connection is lost", |picture| picture.last_event() == Some("Lost")).await;
        let alone = lost("it has been away for a while", |picture| picture.silent_ms >= LOSS_MS).await;
        assert!(
            alone.iter().all(|picture| !picture.is_connected && picture.others.len() >= 2),
            "a picture: {alone:#?}"
        );
        lines.cut(false);
        lost("it is in the world again", |picture| picture.last_event() == Some("Entered")).await;
        self.see_each_other().await;
    }

    /// All log out.
    async fn leave(&self) {
        for actor in &self.0 {
            actor.order(Order::Leave);
        }
        self.all("it has logged out", |_, picture| picture.left.as_deref() == Some("Logout")).await;
    }
}

/// Walks into the portal until it is on the other side. Whom busy servers refuse steps back and in again, as a person does.
async fn goes_through(actor: &Actor, inside: (i32, i32), before: (i32, i32)) -> Picture {
    let failures = |picture: &Picture| picture.refused.iter().filter(|why| *why == "Portal: TravelFailed").count();
    let at =
        |picture: &Picture, (x, y)| picture.place.is_some_and(|at| at.distance(Position::tile_centre(x, y)) < NEAR);
    let is_there = |picture: &Picture| picture.map == 2 && picture.is_connected;
    loop {
        let failed = failures(&actor.picture());
        actor.order(Order::Walk(Position::tile_centre(inside.0, inside.1)));
        let ended = |picture: &Picture| is_there(picture) || failures(picture) > failed;
        let picture = actor.until("it is on the other map", ended).await;
        if is_there(&picture) {
            return picture;
        }
        actor.order(Order::Walk(Position::tile_centre(before.0, before.1)));
        actor.until("it has stepped back", |picture| at(picture, before)).await;
    }
}

/// A server on the two small maps of this folder.
async fn server() -> MapServer {
    MapServer::start_linked(&small_world::settings("javascript/maps", BOAR_HEALTH)).await
}

/// Plays all of it, in Chromium over this transport.
async fn play(in_chromium: &str) {
    let _turn = browsers::turn().await;
    let server = server().await;
    let lines = Lines::to(&server).await;
    let company = match Company::enter(&server, &lines, in_chromium).await {
        Ok(company) => company,
        Err(missing) => return skip(format!("{missing}: nobody played together")),
    };
    company.see_each_other().await;
    company.walk_to(BEFORE_THE_FIELD).await;
    company.fight().await;
    company.trade(0, 1, 4).await;
    company.trade(1, 2, 7).await;
    company.travel().await;
    company.walk_to(IN_THE_GROVE).await;
    company.endure_silence(&lines).await;
    company.walk_to(ELSEWHERE_IN_THE_GROVE).await;
    company.endure_a_cut(&lines).await;
    company.walk_to(LAST_IN_THE_GROVE).await;
    let [node, browser, rust] = company.0.each_ref().map(Actor::picture);
    assert_eq!([node.transport.as_str(), &browser.transport], ["websocket", in_chromium]);
    for picture in [node, browser, rust] {
        // Datagrams go on where they come through again.
        let came_back = ["Travels", "Entered", "Lost", "Entered"];
        let events = if picture.transport == "websocket" { &came_back[..] } else { &came_back[..2] };
        assert_eq!(picture.events, events, "{}", picture.transport);
    }
    company.leave().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_players_do_everything_together_over_websocket() {
    play("websocket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_players_do_everything_together_over_webtransport() {
    play("webtransport").await;
}
