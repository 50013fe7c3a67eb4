//! Tests of whispers, chats and parties between players in the world and users at a realtime socket.

use realmgate_platform::testing::{a_moment, soon};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::{LeaveReason, SocialCommand, SocialEvent, SoftState, ToMap};
use serde_json::{Value, json};

use super::social::{command, heard, names};
use crate::lock::CharacterOwner;
use crate::service::world::testing::{Client, FakeMap, Pair, Player, SocialClient, TestWorld, save, soft_at};

/// Two tests of each named function: with one sidecar, and with the world and the socket at different ones.
macro_rules! alone_and_on_replicas {
    ($($test:ident),+ $(,)?) => {
        mod alone {
            use super::*;

            $(#[tokio::test] async fn $test() {
                let world = TestWorld::start().await;
                super::$test(&world, &world).await;
            })+
        }
        mod on_replicas {
            use super::*;

            $(#[tokio::test] async fn $test() {
                if let Some(pair) = Pair::start().await { super::$test(&pair.a, &pair.b).await; }
            })+
        }
    };
}

alone_and_on_replicas!(
    whispers_pass_both_ways,
    chats_of_maps_pass_both_ways,
    a_party_spans_the_world_and_a_socket,
    a_player_who_leaves_the_world_stays_in_its_party_with_a_socket,
    a_log_out_over_the_socket_takes_the_player_out_of_the_world,
    whispers_of_blocked_and_ignored_players_do_not_arrive,
);

/// Ann in a world, Bob at a socket.
struct Scene {
    map: FakeMap,
    ann: Player,
    at_gateway: Client,
    bob: Player,
    at_bob: SocialClient,
}

impl Scene {
    /// The world is at one sidecar, the socket at another one, or at the same.
    async fn set(world: &TestWorld, other: &TestWorld) -> Self {
        let mut map = world.map_server("map-1", &[1, 2]).await;
        let (ann, client) = world.in_world("Ann", &mut map).await;
        let bob = other.player("Bob").await;
        let at_bob = SocialClient::open(other, &bob).await;
        let mut scene = Self { map, ann, at_gateway: client, bob, at_bob };
        scene.until_events_cross().await;
        scene
    }

    /// Whispers until one has arrived: sidecars that have just started do not receive each other's events yet.
    async fn until_events_cross(&mut self) {
        let arriving = async {
            loop {
                self.says(whisper("Bob", "are you there?")).await;
                self.map.sync().await;
                self.at_bob.push("x", json!({})).await;
                if self.at_bob.has("whisper") {
                    return;
                }
                a_moment().await;
            }
        };
        soon("events of the other sidecar", arriving).await;
        // All that was sent meanwhile arrives before the last.
        self.says(whisper("Bob", "now")).await;
        while self.at_bob.event("whisper").await["text"] != "now" {}
        loop {
            let event = heard(&mut self.map, self.ann.character).await;
            if event == (SocialEvent::WhisperSent { to: "Bob".to_owned(), text: "now".to_owned() }) {
                break;
            }
        }
    }

    async fn says(&mut self, social: SocialCommand) {
        command(&mut self.map, self.ann.character, social).await;
    }

    async fn hears(&mut self) -> SocialEvent {
        heard(&mut self.map, self.ann.character).await
    }

    /// The text that the players of a map are shown, and from whom.
    async fn hears_on_map(&mut self) -> (MapId, String, String) {
        self.map
            .wait(|message| match message {
                ToMap::MapChat { map, from, text } => Some((*map, from.clone(), text.clone())),
                _ => None,
            })
            .await
    }
}

fn whisper(to: &str, text: &str) -> SocialCommand {
    SocialCommand::Whisper { to: to.to_owned(), text: text.to_owned() }
}

/// Names, presence and maps of the members of a party.
fn members(party: &Value) -> Vec<(&str, bool, Option<u64>)> {
    let members = party["members"].as_array().unwrap().iter();
    members
        .map(|member| {
            let online = member["online"].as_bool().unwrap();
            (member["character"]["name"].as_str().unwrap(), online, member["map_id"].as_u64())
        })
        .collect()
}

fn done() -> Value {
    json!({"status": "ok", "response": {}})
}

/// Waits until a socket receives this party.
async fn until_party(client: &mut SocialClient, expected: &[(&str, bool, Option<u64>)]) {
    while members(&client.event("party_updated").await) != expected {}
}

async fn whispers_pass_both_ways(world: &TestWorld, other: &TestWorld) {
    let mut scene = Scene::set(world, other).await;
    scene.says(whisper("bOB", "psst")).await;
    let received = scene.at_bob.event("whisper").await;
    assert_eq!((&received["text"], &received["from"]["name"]), (&json!("psst"), &json!("Ann")));
    assert_eq!(received["from"]["user_id"], scene.ann.account.to_string());
    assert_eq!(scene.hears().await, SocialEvent::WhisperSent { to: "Bob".to_owned(), text: "psst".to_owned() });
    let sent = scene.at_bob.push("whisper", json!({"to": "ann", "text": "yes?"})).await;
    assert_eq!(sent, json!({"status": "ok", "response": {"to": "Ann"}}));
    assert_eq!(scene.hears().await, SocialEvent::Whisper { from: "Bob".to_owned(), text: "yes?".to_owned() });
    scene.says(whisper("Nobody", "psst")).await;
    assert_eq!(scene.hears().await, SocialEvent::Failed { code: "NOT_ONLINE".to_owned() });
}

async fn chats_of_maps_pass_both_ways(world: &TestWorld, other: &TestWorld) {
    let mut scene = Scene::set(world, other).await;
    scene.at_bob.join("map:2").await;
    let said = |map, text: &str| SocialCommand::MapChat { map: MapId(map), text: text.to_owned() };
    scene.says(said(1, "another map's")).await;
    scene.says(said(2, "hello")).await;
    let received = scene.at_bob.event("chat").await;
    assert_eq!((&received["text"], &received["map"]), (&json!("hello"), &json!(2)));
    assert_eq!(received["from"]["character"]["id"], scene.ann.character.to_string());
    assert_eq!(scene.at_bob.push_on("map:2", "chat", json!({"text": "hi"})).await, done());
    assert_eq!(scene.hears_on_map().await, (MapId(2), "Bob".to_owned(), "hi".to_owned()));
}

/// Ann invites Bob to her party, and he accepts.
async fn form_party(scene: &mut Scene) {
    scene.says(SocialCommand::PartyInvite { to: "Bob".to_owned() }).await;
    let party = scene.at_bob.event("party_invited").await["party"].clone();
    assert_eq!(names(&scene.hears().await), [("Ann", true)]);
    assert_eq!(scene.at_bob.push("party_accept", json!({"party": party})).await, done());
    assert_eq!(names(&scene.hears().await), [("Ann", true), ("Bob", true)]);
}

async fn a_party_spans_the_world_and_a_socket(world: &TestWorld, other: &TestWorld) {
    let mut scene = Scene::set(world, other).await;
    form_party(&mut scene).await;
    until_party(&mut scene.at_bob, &[("Ann", true, Some(1)), ("Bob", true, None)]).await;
    scene.at_bob.push("party_chat", json!({"text": "ready"})).await;
    assert_eq!(scene.hears().await, SocialEvent::PartyChat { from: "Bob".to_owned(), text: "ready".to_owned() });
    assert_eq!(scene.at_bob.event("party_chat").await["from"]["name"], "Bob");
    scene.says(SocialCommand::PartyChat { text: "go".to_owned() }).await;
    assert_eq!(scene.at_bob.event("party_chat").await["text"], "go");
    // Ann loses her connection and has no socket.
    let (character, epoch) = (scene.ann.character, world.lock(scene.ann.character).await.epoch);
    scene.map.release(save(character, epoch, 1, soft_at(1, 0)), LeaveReason::ConnectionLost).await;
    until_party(&mut scene.at_bob, &[("Ann", false, None), ("Bob", true, None)]).await;
}

async fn a_player_who_leaves_the_world_stays_in_its_party_with_a_socket(world: &TestWorld, other: &TestWorld) {
    let mut scene = Scene::set(world, other).await;
    form_party(&mut scene).await;
    let mut at_ann = SocialClient::open(world, &scene.ann).await;
    until_party(&mut at_ann, &[("Ann", true, Some(1)), ("Bob", true, None)]).await;
    let (character, epoch) = (scene.ann.character, world.lock(scene.ann.character).await.epoch);
    scene.map.release(save(character, epoch, 1, soft_at(1, 0)), LeaveReason::Logout).await;
    until_party(&mut scene.at_bob, &[("Ann", true, None), ("Bob", true, None)]).await;
    assert_eq!(at_ann.push("party_chat", json!({"text": "still here"})).await, done());
    assert_eq!(scene.at_bob.event("party_chat").await["text"], "still here");
    assert_eq!(scene.at_bob.push("party_leave", json!({})).await, done());
    until_party(&mut at_ann, &[]).await;
}

async fn a_log_out_over_the_socket_takes_the_player_out_of_the_world(world: &TestWorld, other: &TestWorld) {
    let mut scene = Scene::set(world, other).await;
    let mut at_ann = SocialClient::open(other, &scene.ann).await;
    let log_out = async {
        assert_eq!(at_ann.push("log_out", json!({})).await, done());
        assert_eq!(at_ann.closed().await, 1_000);
    };
    let leave = async {
        let (character, epoch, reason) = scene.map.kick().await;
        assert_eq!((character, reason), (scene.ann.character, LeaveReason::Logout));
        scene.map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
        assert_eq!(scene.at_gateway.closed().await.0, 1_000);
    };
    tokio::join!(log_out, leave);
    scene.map.sync().await;
    assert_eq!(world.lock(scene.ann.character).await.owner, CharacterOwner::None);
}

async fn whispers_of_blocked_and_ignored_players_do_not_arrive(world: &TestWorld, other: &TestWorld) {
    let mut scene = Scene::set(world, other).await;
    // Bob's character ignores Ann's, as it was last saved in a world.
    let soft = SoftState { ignored: vec!["aNN".to_owned()], ..soft_at(1, 0) };
    let soft = serde_json::to_string(&soft).unwrap();
    let mut db = other.state().store.sql().begin_write("ignore").await.unwrap();
    let set = "UPDATE characters SET soft_state = $2 WHERE id = $1";
    sqlx::query(set).bind(scene.bob.character.to_string()).bind(soft).execute(&mut *db).await.unwrap();
    db.commit().await.unwrap();
    let sent = |text: &str| SocialEvent::WhisperSent { to: "Bob".to_owned(), text: text.to_owned() };
    scene.says(whisper("Bob", "ignored")).await;
    assert_eq!(scene.hears().await, sent("ignored"), "an ignored player gets no sign of it");
    let set = "UPDATE characters SET soft_state = NULL WHERE id = $1";
    let mut db = other.state().store.sql().begin_write("listen").await.unwrap();
    sqlx::query(set).bind(scene.bob.character.to_string()).execute(&mut *db).await.unwrap();
    // Ann's account blocks Bob's.
    let block = "INSERT INTO friendships (id, requester_id, target_id, status, created_at_ms, changed_at_ms)
                 VALUES ('x', $1, $2, 'blocked', 0, 0)";
    let (bob, ann) = (scene.bob.account.to_string(), scene.ann.account.to_string());
    sqlx::query(block).bind(bob).bind(ann).execute(&mut *db).await.unwrap();
    db.commit().await.unwrap();
    scene.says(whisper("Bob", "blocked")).await;
    assert_eq!(scene.hears().await, sent("blocked"));
    let refused = scene.at_bob.push("whisper", json!({"to": "Ann", "text": "hi"})).await;
    assert_eq!(refused, json!({"status": "error", "response": {"error": "ignored"}}));
    let mut db = other.state().store.sql().begin_write("unblock").await.unwrap();
    sqlx::query("DELETE FROM friendships").execute(&mut *db).await.unwrap();
    db.commit().await.unwrap();
    scene.says(whisper("Bob", "again")).await;
    assert_eq!(scene.at_bob.event("whisper").await["text"], "again", "nothing came before it");
}
