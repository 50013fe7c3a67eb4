//! Forged, replayed, expired and foreign tickets with real bytes at a real server: each is refused and counted, and the
//! server serves on.

use std::time::Duration;

use realmgate_client::token;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, ServerId, TicketId};
use realmgate_protocol::ticket::{KeyRing, Ticket};
use realmgate_tests::netcode::{Forged, Knocker, Outcome, unix_now};
use realmgate_tests::{Account, Gateway, MapServer, Settings, until};
use renetcode::ConnectToken;
use serde_json::Value;

/// How long somebody knocks who is not to be let in.
const KNOCK: Duration = Duration::from_secs(5);
/// How long somebody knocks who is not to be answered.
const SILENCE: Duration = Duration::from_millis(600);

/// A server, and somebody who may enter it.
struct Scene {
    server: MapServer,
    keys: KeyRing,
    character: String,
    gateway: Gateway,
}

impl Scene {
    async fn new() -> Self {
        Self::of(&Settings::new()).await
    }

    async fn of(settings: &Settings) -> Self {
        let server = MapServer::start_linked(settings).await;
        let account = Account::register(&server.api()).await;
        let character = account.new_character(&server.api()).await.id;
        let gateway = Gateway::open(server.gateway(), &account.access_token).await;
        let keys = server.settings.home.ticket_keys();
        Self { server, keys, character, gateway }
    }

    /// A ticket that was announced, and the connect token that came with it.
    async fn grant(&mut self) -> (Ticket, ConnectToken) {
        let grant = self.gateway.entered(&self.character).await;
        let text = |field: &str| grant[field].as_str().map(str::to_owned).expect("text");
        let ticket = Ticket::peek_text(&text("ticket")).expect("a ticket");
        let token = token::decode(&text("connect_token"), &text("ticket")).expect("a connect token");
        (ticket, token)
    }

    /// A token around a ticket that is right in every other way.
    fn around(&self, ticket: &Ticket) -> Forged {
        Forged::around(ticket, &self.keys, self.server.ready.game)
    }

    async fn figure(&self, metric: &str, reason: &str) -> f64 {
        self.server.admin().figure(&format!("{metric}{{reason=\"{reason}\"}}")).await
    }

    /// The netcode layer lets it in; admission does not, and counts why.
    async fn assert_refused(&self, token: &Forged, reason: &str) {
        let metric = "realmgate_tickets_refused_total";
        let before = self.figure(metric, reason).await;
        let outcome = Knocker::new(token.seal()).await.knock(KNOCK).await;
        assert_eq!(outcome, Outcome::SentAway, "a ticket that is {reason}");
        until(&format!("the metrics count it as {reason}"), async || {
            (self.figure(metric, reason).await > before).then_some(())
        })
        .await;
        self.assert_empty().await;
    }

    /// Nobody answers, and the netcode layer counts it for this reason.
    async fn assert_unanswered(&self, token: ConnectToken, reason: &str, what: &str) {
        let metric = "realmgate_packets_refused_total";
        let before = self.figure(metric, reason).await;
        assert_eq!(Knocker::new(token).await.knock(SILENCE).await, Outcome::Silence, "{what}");
        until(&format!("the metrics count {what}"), async || {
            (self.figure(metric, reason).await > before).then_some(())
        })
        .await;
    }

    /// Nothing was made for whoever was refused.
    async fn assert_empty(&self) {
        let servers = self.server.admin().get("/healthz").await;
        assert_eq!(servers.status, 200, "the server ticks on: {}", servers.text);
        assert_eq!(self.server.admin().figure("realmgate_players_joined_total").await, 0.0, "nobody has entered");
    }

    /// An honest player still gets in.
    async fn assert_serves(&mut self) {
        let (_, token) = self.grant().await;
        assert!(Knocker::new(token).await.get_in(KNOCK).await, "an honest player gets in");
        assert!(self.server.process.is_running());
    }
}

#[tokio::test]
async fn forged_and_foreign_tickets_are_refused_and_counted() {
    let mut scene = Scene::new().await;
    let (ticket, _) = scene.grant().await;
    let good = scene.around(&ticket);

    let mut forged = good.clone();
    forged.user_data[40] ^= 1;
    scene.assert_refused(&forged, "forged").await;
    scene.assert_refused(&Forged { user_data: vec![0; 256], ..good.clone() }, "malformed").await;
    scene.assert_refused(&Forged { user_data: vec![0xff; 256], ..good.clone() }, "malformed").await;
    let other_keys: KeyRing = "other:b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldCBvdGhlciE=".parse().expect("keys");
    scene.assert_refused(&Forged { user_data: ticket.seal(&other_keys), ..good.clone() }, "unknown_key").await;
    let same_id: KeyRing = "another secret of at least thirty-two bytes".parse().expect("keys");
    scene.assert_refused(&Forged { user_data: ticket.seal(&same_id), ..good.clone() }, "forged").await;

    let server: ServerId = "map-server-2".parse().expect("an id");
    scene.assert_refused(&scene.around(&Ticket { server, ..ticket.clone() }), "wrong_server").await;
    scene.assert_refused(&Forged { client_id: 7, ..good.clone() }, "foreign_session").await;
    let never = Ticket { ticket_id: TicketId(7), ..ticket.clone() };
    scene.assert_refused(&scene.around(&never), "not_expected").await;
    for other in [
        Ticket { character: CharacterId([9; 16]), ..ticket.clone() },
        Ticket { account: AccountId([9; 16]), ..ticket.clone() },
        Ticket { epoch: LockEpoch(ticket.epoch.0 + 1), ..ticket.clone() },
        Ticket { map: MapId(ticket.map.0 + 1), ..ticket.clone() },
        Ticket { channel: ChannelId(ticket.channel.0 + 1), ..ticket.clone() },
    ] {
        scene.assert_refused(&scene.around(&other), "identity_mismatch").await;
    }

    // None of it has spent the ticket: its owner may still come.
    assert!(Knocker::new(good.seal()).await.get_in(KNOCK).await);
    scene.assert_serves().await;
}

#[tokio::test]
async fn a_ticket_admits_once() {
    let mut scene = Scene::new().await;
    let (ticket, token) = scene.grant().await;
    let good = scene.around(&ticket);
    let mut player = Knocker::new(token.clone()).await;
    assert!(player.get_in(KNOCK).await, "the first is let in");
    scene.assert_unanswered(token.clone(), "token_used", "the same token from another address").await;
    player.leave().await;
    scene.assert_unanswered(token, "token_used", "the same token, after its owner has left").await;
    let metric = "realmgate_tickets_refused_total";
    let before = scene.figure(metric, "reused").await;
    assert_eq!(Knocker::new(good.seal()).await.knock(KNOCK).await, Outcome::SentAway, "the ticket in a fresh token");
    until("the metrics count it as reused", async || (scene.figure(metric, "reused").await > before).then_some(()))
        .await;
    scene.assert_serves().await;
}

#[tokio::test]
async fn tokens_of_others_get_no_answer() {
    let mut scene = Scene::new().await;
    let (ticket, _) = scene.grant().await;
    let good = scene.around(&ticket);
    let expired = Forged { made_at: unix_now() - Duration::from_secs(60), ..good.clone() };
    let mut elsewhere = Forged { server: "127.0.0.1:9".parse().expect("an address"), ..good.clone() }.seal();
    elsewhere.server_addresses[0] = Some(scene.server.ready.game);
    let mut broken = good.seal();
    broken.private_data[100] ^= 1;
    for (token, what) in [
        (Forged { key: [7; 32], ..good.clone() }.seal(), "a token of another key"),
        (expired.seal(), "an expired token"),
        (elsewhere, "a token for another server"),
        (broken, "a token that was changed"),
    ] {
        scene.assert_unanswered(token, "netcode", what).await;
    }
    let knocker = Knocker::new(good.seal()).await;
    for garbage in [vec![], vec![0; 1], vec![0xff; 2_000], vec![0; 1_078], vec![5; 64]] {
        knocker.send(&garbage).await;
    }
    scene.assert_empty().await;
    scene.assert_serves().await;
}

#[tokio::test]
async fn a_ticket_that_nobody_used_in_time_is_expired() {
    // The store's own timer of the arrival is not what lets go.
    let mut scene = Scene::of(&Settings::new().set("ARRIVAL_TIMEOUT_S", "600")).await;
    let (ticket, _) = scene.grant().await;
    // The deadline is the server's own: 30 seconds after the announcement, whatever the ticket says.
    let settled = realmgate_tests::wait::until_within("the lock is let go", Duration::from_secs(45), async || {
        let database = realmgate_tests::Database::open(&scene.server.settings.home).await;
        (database.character(&scene.character).await.lock_owner == "none").then_some(())
    });
    settled.await;
    let late = Ticket { expires_ms: u64::MAX, ..ticket };
    scene.assert_refused(&scene.around(&late), "expired").await;
    let departed: Value = scene.gateway.entered(&scene.character).await;
    assert!(departed["ticket"].is_string(), "the next ticket is a new one");
}
