//! Experience and levels: they count once the store has them.

use realmgate_engine::channel::ToChannel;
use realmgate_engine::replication::Replicated;
use realmgate_game::progress::PendingExperience;
use realmgate_game::stats::Character;
use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{Change, EventRefusal, Fence, KILL, LeaveReason, PartyMember, SocialEvent};
use realmgate_protocol::realm::{Appearance, CombatKind, Health, ServerMessage};
use realmgate_protocol::wire::Aim;

use crate::scene::{DATA, Scene, TICK_HZ, tile};

const FIELD: [&str; 3] = ["S...............", "................", "................"];

/// A fighter between two weaklings.
fn field() -> Scene {
    let mut scene = Scene::new(&FIELD, &[("weakling", (6, 1)), ("weakling", (5, 2))]);
    scene.enter(1, "fighter", tile(5, 1));
    scene
}

/// Kills a weakling. One of level 2 is worth 80 + 40 experience.
fn kill_one() -> Scene {
    let mut scene = field();
    strike_first(&mut scene);
    scene
}

/// Strikes the weakling that is the oldest now. Returns what is told of its death.
fn strike_first(scene: &mut Scene) -> [ServerMessage; 2] {
    let victim = scene.mobs("weakling")[0];
    let (source, target) = (scene.id(scene.player(1)), scene.id(victim));
    scene.act(1, 0, Aim::Entity(target));
    let ability = DATA.abilities.find("hit").map(|ability| ability.0);
    let mob = DATA.mobs.find("weakling").map(|mob| mob.0);
    [
        ServerMessage::Combat { kind: CombatKind::Damage, source, target, ability, amount: 2 },
        ServerMessage::Kill { target, mob },
    ]
}

fn close(scene: &mut Scene) {
    scene.channel.push(ToChannel::Kick { character: CharacterId([1; 16]), reason: LeaveReason::ServerClosing });
}

const GOODBYE: ServerMessage = ServerMessage::Leave { reason: LeaveReason::ServerClosing };

fn character(scene: &Scene, player: u8) -> Character {
    scene.get::<Character>(scene.player(player))
}

#[test]
fn a_kill_is_told_at_once_and_its_experience_when_it_is_durable() {
    let mut scene = field();
    let told = strike_first(&mut scene);
    assert_eq!(scene.hear(1), told, "nothing of experience yet");
    assert_eq!(
        (character(&scene, 1).experience, character(&scene, 1).level),
        (0, 1),
        "nothing before the store has it"
    );
    let [event] = &scene.waiting[..] else { panic!("one event waits: {:?}", scene.waiting) };
    let me = CharacterId([1; 16]);
    assert_eq!(event.fences, [Fence { character: me, epoch: LockEpoch(1) }]);
    assert_eq!(event.changes, [Change::ExperienceGained { character: me, amount: 120, level: 2 }]);
    let entity = scene.player(1);
    scene.set_health(entity, 7);
    scene.commit(None);
    assert_eq!((character(&scene, 1).experience, character(&scene, 1).level), (120, 2));
    let heard = scene.hear(1);
    assert_eq!(
        heard,
        [ServerMessage::Experience { gained: 120, total: 120, level: 2 }, ServerMessage::LevelUp { level: 2 }]
    );
    assert_eq!(scene.get::<Replicated<Health>>(entity).0, Health { current: 120, max: 120 }, "stronger and whole");
    assert_eq!(scene.get::<Replicated<Appearance>>(entity).level, 2);
}

#[test]
fn what_the_store_refuses_is_not_gained() {
    let mut scene = kill_one();
    scene.hear(1);
    let me = scene.player(1);
    assert_eq!(scene.get::<PendingExperience>(me), PendingExperience(120));
    scene.commit(Some(EventRefusal::Fenced));
    let Character { experience, level, .. } = character(&scene, 1);
    assert_eq!((experience, level, scene.hear(1)), (0, 1, vec![]));
    assert_eq!(scene.get::<PendingExperience>(me), PendingExperience(0), "the next kill counts from what is there");
    scene.ticks(TICK_HZ);
    strike_first(&mut scene);
    let gain = Change::ExperienceGained { character: CharacterId([1; 16]), amount: 120, level: 2 };
    assert_eq!(scene.waiting[0].changes, [gain]);
}

#[test]
fn who_has_nothing_to_gain_tells_the_store_of_the_kill() {
    let mut scene = field();
    let me = scene.player(1);
    scene.channel.world_mut().get_mut::<Character>(me).expect("it is in the world").experience = 1_000_000;
    let told = strike_first(&mut scene);
    let [event] = &scene.waiting[..] else { panic!("one event waits: {:?}", scene.waiting) };
    let fence = Fence { character: CharacterId([1; 16]), epoch: LockEpoch(1) };
    assert_eq!((event.reason.as_str(), &event.fences[..], &event.changes[..]), (KILL, &[fence][..], &[][..]));
    scene.commit(None);
    assert_eq!(scene.hear(1), told, "and hears of no experience");
}

#[test]
fn levels_count_with_what_still_waits() {
    let mut scene = kill_one();
    scene.ticks(TICK_HZ);
    strike_first(&mut scene);
    scene.ticks(3 * TICK_HZ);
    strike_first(&mut scene);
    let levels: Vec<u16> = scene
        .waiting
        .iter()
        .filter_map(|event| match event.changes[..] {
            [Change::ExperienceGained { level, .. }] => Some(level),
            _ => None,
        })
        .collect();
    assert_eq!(levels, [2, 2, 3], "120, 240, 360 of 100 and 300");
    scene.commit(None);
    assert_eq!(character(&scene, 1).level, 3);
}

#[test]
fn a_party_shares_with_those_who_are_near() {
    let far = ["S...................."; 3];
    let mut scene = Scene::new(&far, &[("weakling", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    scene.enter(2, "caster", tile(16, 1));
    scene.enter(3, "caster", tile(16, 1).offset(1, 0));
    scene.enter(4, "caster", tile(8, 1));
    let member = |player: u8| PartyMember {
        character: CharacterId([player; 16]),
        name: format!("Player{player}"),
        online: true,
    };
    for player in [1, 2, 3] {
        let event = SocialEvent::PartyState { party: 1, members: [1, 2, 3].map(member).to_vec() };
        scene.channel.push(ToChannel::Social { character: CharacterId([player; 16]), event });
    }
    scene.ticks(1);
    strike_first(&mut scene);
    let mut gained: Vec<(CharacterId, u64)> = scene
        .waiting
        .iter()
        .filter_map(|event| match event.changes[..] {
            [Change::ExperienceGained { character, amount, .. }] => Some((character, amount)),
            _ => None,
        })
        .collect();
    gained.sort_unstable();
    let near = [1, 2].map(|player| (CharacterId([player; 16]), 66));
    assert_eq!(gained, near, "120 and a tenth, for the two of it who are within 10 tiles, and not for a stranger");
}

/// A kill in the tick of the goodbye, or just before it, is reported before the goodbye.
#[test]
fn who_leaves_hears_first_what_the_store_has_not_answered_yet() {
    let mut scene = kill_one();
    scene.hear(1);
    close(&mut scene);
    scene.ticks(3);
    assert_eq!(scene.hear(1), [], "its gain is under way");
    scene.commit(None);
    let gained = ServerMessage::Experience { gained: 120, total: 120, level: 2 };
    assert_eq!(scene.hear(1), [gained, ServerMessage::LevelUp { level: 2 }, GOODBYE]);

    let mut scene = field();
    close(&mut scene);
    let [blow, kill] = strike_first(&mut scene);
    assert_eq!(scene.hear(1), [blow, kill, GOODBYE]);
}

#[test]
fn nobody_waits_for_ever_for_a_store_that_does_not_answer() {
    let mut scene = kill_one();
    scene.hear(1);
    close(&mut scene);
    scene.ticks(2 * TICK_HZ);
    assert_eq!(scene.hear(1), [], "for two seconds it waits");
    scene.tick();
    assert_eq!(scene.hear(1), [GOODBYE]);
}

#[test]
fn who_is_leaving_has_no_part_in_what_dies_meanwhile() {
    let mut scene = kill_one();
    close(&mut scene);
    scene.ticks(TICK_HZ / 2);
    let second = scene.mob("weakling");
    strike_first(&mut scene);
    assert_eq!(scene.health(second), 0, "it struck all the same");
    assert_eq!(scene.waiting.len(), 1, "only the first kill: {:?}", scene.waiting);
}
