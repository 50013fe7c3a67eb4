//! Portals and channels: going elsewhere with everything one has.

use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, MAPS, Scene, Stage, TICK_HZ, Who, tile};

use crate::fighting::use_ability;

/// The ticket to where a player goes; its connection here ends.
#[track_caller]
fn ticket(scene: &mut Scene, who: Who) -> EntryGrant {
    let grant = scene.told(who, "where to go", |message| match message {
        ServerMessage::Travel { grant } => serde_json::from_str(grant).ok(),
        _ => None,
    });
    scene.until("its connection here ends", 2, |scene| !scene[who].is_connected());
    grant
}

/// A traveller with something of everything, two steps before the portal to Darkwood.
fn traveller() -> Character {
    let traveller = Character::at("Anna", "ranger", tile(59, 31)).level(6).experience(1_400).gold(123);
    traveller.item("hunting_bow", 100).item("padded_jacket", 102).item("healing_potion", 0).item("wolf_pelt", 7)
}

pub fn a_portal_takes_one_to_another_map_with_everything(stage: &Stage) {
    stage.play(Ground::shipped(&[1, 2]), |scene: &mut Scene| {
        let anna = scene.enter(traveller());
        use_ability(scene, anna, "swiftness", Aim::None);
        scene.steps(TICK_HZ);
        let owned = scene[anna].session.possessions.clone();
        scene[anna].heading = Some(Angle(0));
        let grant = ticket(scene, anna);
        assert_eq!(grant.map(), MapId(2));
        scene.follow(anna, &grant);
        let welcome = scene[anna].session.welcome().unwrap();
        assert_eq!((welcome.map, welcome.channel), (MapId(2), ChannelId(1)));
        let arrival = MAPS.get(MapId(2)).unwrap().spawn_point("from_greenvale").unwrap().position;
        assert_eq!(scene[anna].me().position(), Some(arrival));
        // The session has compared all it owns with what it carried; this is for those who read the scene.
        let after = &scene[anna].session.possessions;
        assert_eq!((&after.items, after.gold, after.experience), (&owned.items, owned.gold, owned.experience));
        scene.steps(2);
        let cooldowns = scene[anna].me().cooldowns.clone().unwrap().ready_at;
        let swiftness = usize::from(scene.slot(anna, "swiftness"));
        assert!(cooldowns[swiftness] > 0, "what was not ready is not ready: {cooldowns:?}");
    });
}

pub fn a_portal_to_where_nobody_answers_refuses(stage: &Stage) {
    stage.play(Ground::shipped(&[1]), |scene: &mut Scene| {
        let anna = scene.enter(traveller());
        scene.steps(TICK_HZ + 5);
        scene[anna].heading = Some(Angle(0));
        scene.refused(anna, "Portal", Refusal::TravelFailed);
        scene[anna].heading = None;
        assert!(scene[anna].is_connected());
        scene.walk(anna, Angle(128), 30);
        let at = scene[anna].me().position().unwrap();
        assert!(at.tile().0 < 61, "it walks on: {at:?}");
        // What it owns and its saves are written under the new epoch from now on.
        scene.say(anna, ClientMessage::DropItem { item: crate::goods::item(scene, anna, "wolf_pelt") });
        scene.told(anna, "that the store has it", |message| {
            matches!(message, ServerMessage::ItemGone { .. }).then_some(())
        });
        scene.steps(6 * TICK_HZ);
    });
}

pub fn a_portal_within_the_map_needs_no_ticket(stage: &Stage) {
    stage.play(Ground::open(20, 11).haven((3, 8)).portal((12, 5), 1, "haven1"), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "ranger", tile(10, 5)));
        scene.steps(TICK_HZ + 5);
        scene[anna].heading = Some(Angle(0));
        scene.until("it is there", 3, |scene| scene[anna].me().position().unwrap().within(tile(3, 8), 512));
        scene[anna].heading = None;
        scene.steps(2);
        let told = scene.hear(anna);
        assert!(!told.iter().any(|message| matches!(message, ServerMessage::Travel { .. })), "{told:?}");
        assert!(scene[anna].is_connected());
    });
}

pub fn channels_can_be_listed_and_switched(stage: &Stage) {
    stage.play(Ground::open(24, 11).channels(2).mob("rabbit", (12, 5)).level(100), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "ranger", tile(7, 5)).gold(5).item("short_bow", 100));
        scene.steps(TICK_HZ + 5);
        scene.say(anna, ClientMessage::ListChannels);
        let channels = scene.told(anna, "which channels there are", |message| match message {
            ServerMessage::Channels { channels } => Some(channels.clone()),
            _ => None,
        });
        let told: Vec<_> = channels.iter().map(|channel| (channel.channel.0, channel.players)).collect();
        assert_eq!(told, [(1, 1), (2, 0)]);
        let switch = |channel| ClientMessage::SwitchChannel { channel: ChannelId(channel) };
        scene.ask_in_vain(anna, switch(1), Refusal::NoSuchChannel);
        scene.ask_in_vain(anna, switch(3), Refusal::NoSuchChannel);
        let rabbit = scene.mob(anna, "rabbit");
        use_ability(scene, anna, "shoot", Aim::Entity(rabbit));
        scene.steps(TICK_HZ);
        scene.ask_in_vain(anna, switch(2), Refusal::InCombat);
        scene.steps(6 * TICK_HZ);

        let at = scene[anna].me().position();
        scene.say(anna, switch(2));
        let grant = ticket(scene, anna);
        assert_eq!((grant.map_id, grant.channel), (1, 2));
        scene.follow(anna, &grant);
        assert_eq!(scene[anna].session.welcome().unwrap().channel, ChannelId(2));
        assert_eq!(scene[anna].me().position(), at, "at the same place of the other channel");
    });
}
