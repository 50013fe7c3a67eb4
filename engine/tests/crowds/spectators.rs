//! Spectators see what a player sees who stands where they look, and change nothing.

use std::collections::{BTreeMap, BTreeSet};

use realmgate_engine::body::At;
use realmgate_engine::record::StateHash;
use realmgate_engine::spectator::Spectators;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Position;
use realmgate_protocol::wire::datagram::ServerFrameHead;

use crate::client::Client;
use crate::scene::{Drift, HEIGHT, Scene, WIDTH};

const WATCHER: u64 = 1_000;

/// A spectator of a scene.
struct Watcher {
    session: SessionId,
    client: Client,
}

impl Watcher {
    fn of(scene: &mut Scene, number: u64) -> Self {
        let session = SessionId::from(WATCHER + number);
        scene.channel.watch(session);
        Self { session, client: Client::default() }
    }

    fn look(&self, scene: &mut Scene, at: Position, follow: Option<EntityId>) {
        let map = scene.channel.settings().map.clone();
        scene.channel.world_mut().resource_mut::<Spectators>().look(self.session, at, follow, &map);
    }
}

/// Runs one tick of everything, the spectators included. Returns who was sent away.
fn step(scene: &mut Scene, watchers: &mut [&mut Watcher]) -> Vec<SessionId> {
    for watcher in watchers.iter() {
        scene.channel.acknowledge_spectator(watcher.session, watcher.client.ack);
    }
    scene.step();
    let output = scene.channel.take_spectator_output();
    for (session, frame) in output.frames.iter() {
        if let Some(watcher) = watchers.iter_mut().find(|watcher| watcher.session == session) {
            watcher.client.receive(frame);
        }
    }
    output.ended
}

/// Where each entity is shown, and its count.
type Seen = BTreeMap<EntityId, (Option<Position>, Option<u32>)>;

fn shown(client: &Client) -> Seen {
    let all = client.shown.iter();
    all.map(|(id, shown)| (*id, (shown.position(client.head.tick), shown.count))).collect()
}

/// Things all over the map, of which most move, and players in its middle.
fn busy(players: usize, seed: u64) -> Scene {
    let mut scene = Scene::new(players, seed);
    for place in 0..60 {
        let at = Position::tile_centre(place * 7 % WIDTH, place * 5 % HEIGHT);
        let thing = scene.spawn(at);
        scene.turn(thing, Drift(place % 5 * 20 - 40, place % 3 * 20 - 20));
    }
    scene
}

#[test]
fn a_spectator_sees_what_a_player_sees_there_but_no_secrets() {
    let mut scene = busy(2, 5);
    let mut watcher = Watcher::of(&mut scene, 0);
    let own = scene.id(scene.player(0)).0;
    let at = scene.channel.world().get::<At>(scene.player(0)).unwrap().0;
    watcher.look(&mut scene, at, None);
    for _ in 0..100 {
        assert!(step(&mut scene, &mut [&mut watcher]).is_empty());
    }
    // What moves at the edge may come into view some ticks earlier for one of the two.
    let near = |client: &Client| -> BTreeMap<_, _> {
        let is_near = |place: Option<Position>| place.is_some_and(|place| place.within(at, 18 * 1_024));
        shown(client).into_iter().filter(|(_, (place, _))| is_near(*place)).collect()
    };
    let (of_player, of_watcher) = (near(&scene.ends[0].client), near(&watcher.client));
    assert!(of_player.len() > 10, "there is something to see: {}", of_player.len());
    assert!(of_watcher.contains_key(&own), "the player itself is seen");
    let ids = |of: &BTreeMap<EntityId, _>| of.keys().copied().collect::<BTreeSet<_>>();
    assert_eq!(ids(&of_watcher), ids(&of_player));
    for (id, (place, count)) in &of_watcher {
        let (there, counted) = of_player[id];
        assert_eq!(*count, counted, "{id}");
        let apart = place.unwrap().distance_squared(there.unwrap());
        assert!(apart <= 256 * 256, "{id} is shown to both at the same place");
    }
    assert!(watcher.client.shown.values().all(|shown| shown.secret.is_none()), "secrets are for their owners");
    assert!(scene.ends[0].client.shown[&own].secret.is_some(), "the owner sees its own");
}

#[test]
fn a_spectator_changes_nothing_that_players_are_sent() {
    let play = |watchers: u64| -> (Vec<StateHash>, Vec<Seen>) {
        let mut scene = busy(3, 9);
        let mut all: Vec<Watcher> = (0..watchers).map(|number| Watcher::of(&mut scene, number)).collect();
        let follow = scene.id(scene.player(1)).0;
        let mut hashes = Vec::new();
        for tick in 0..60 {
            for (number, watcher) in all.iter().enumerate() {
                let at = Position { x: tick * 900, y: number as i32 * 4_000 };
                watcher.look(&mut scene, at, (tick % 2 == 0).then_some(follow));
            }
            step(&mut scene, &mut all.iter_mut().collect::<Vec<_>>());
            hashes.push(scene.channel.state_hash());
        }
        (hashes, scene.ends.iter().map(|end| shown(&end.client)).collect())
    };
    let (alone, watched) = (play(0), play(5));
    assert_eq!(alone, watched, "nobody sees a spectator, and the world is the same");
}

#[test]
fn a_spectator_follows_an_entity_and_stays_where_that_ends() {
    let mut scene = Scene::new(1, 3);
    let mut watcher = Watcher::of(&mut scene, 0);
    let thing = scene.spawn(Position::tile_centre(2, 2));
    let id = scene.id(thing).0;
    scene.turn(thing, Drift(400, 0));
    // It looks elsewhere until it has found whom to follow, which is at once.
    watcher.look(&mut scene, Position::tile_centre(WIDTH - 1, HEIGHT - 1), Some(id));
    for _ in 0..200 {
        step(&mut scene, &mut [&mut watcher]);
    }
    let east = watcher.client.shown[&id].position(watcher.client.head.tick).unwrap();
    assert!(east.x > 70 * 1_024, "it was seen all the way: {east:?}");
    scene.things.retain(|one| *one != thing);
    scene.channel.world_mut().despawn(thing);
    let other = scene.spawn(Position::tile_centre(70, 2));
    for _ in 0..20 {
        step(&mut scene, &mut [&mut watcher]);
    }
    assert!(!watcher.client.shown.contains_key(&id), "it is gone");
    assert!(watcher.client.shown.contains_key(&scene.id(other).0), "and what is near is still seen");
}

#[test]
fn a_look_beyond_the_edge_ends_at_the_edge() {
    let mut scene = Scene::new(1, 3);
    let mut watcher = Watcher::of(&mut scene, 0);
    let corner = scene.spawn(Position::tile_centre(WIDTH - 1, HEIGHT - 1));
    for beyond in [Position { x: i32::MAX, y: i32::MAX }, Position { x: WIDTH * 1_024, y: HEIGHT * 1_024 }] {
        watcher.look(&mut scene, Position { x: i32::MIN, y: -1 }, None);
        (0..20).for_each(|_| drop(step(&mut scene, &mut [&mut watcher])));
        assert!(!watcher.client.shown.contains_key(&scene.id(corner).0), "it is far away from the other corner");
        watcher.look(&mut scene, beyond, None);
        (0..20).for_each(|_| drop(step(&mut scene, &mut [&mut watcher])));
        assert!(watcher.client.shown.contains_key(&scene.id(corner).0), "{beyond:?} is the corner");
    }
}

#[test]
fn a_spectator_who_acknowledges_nothing_is_sent_away() {
    let mut scene = Scene::new(1, 3);
    let session = SessionId::from(WATCHER);
    scene.channel.watch(session);
    let mut honest = Watcher::of(&mut scene, 1);
    let most = ServerFrameHead::MAX_UNACKNOWLEDGED_TICKS;
    let ended = (0..=most).find_map(|tick| {
        let ended = step(&mut scene, &mut [&mut honest]);
        (!ended.is_empty()).then_some((tick, ended))
    });
    assert_eq!(ended, Some((most, vec![session])), "after so long, and not who acknowledges");
}
