//! How mobs behave towards players they meet.

use bevy_ecs::prelude::Entity;
use realmgate_engine::body::{Asleep, At};
use realmgate_engine::channel::ToChannel;
use realmgate_engine::overload::OverloadLevel;
use realmgate_engine::replication::Replicated;
use realmgate_game::combat::Untouchable;
use realmgate_game::mob::{Mind, Mood};
use realmgate_game::threat::ThreatTable;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{Health, Refusal, Status, status};
use realmgate_protocol::wire::Aim;

use crate::scene::{EAST, Scene, TICK_HZ, WEST, tile};

const FIELD: [&str; 5] = [
    "S...............................",
    "................................",
    "................................",
    "................................",
    "................................",
];

fn mood(scene: &Scene, mob: Entity) -> Mood {
    scene.get::<Mind>(mob).mood
}

#[test]
fn an_aggressive_mob_attacks_who_comes_near_and_nobody_else() {
    let mut scene = Scene::new(&FIELD, &[("boar", (10, 2))]);
    scene.enter(1, "fighter", tile(16, 2));
    scene.enter(2, "fighter", tile(4, 2));
    let (me, other, boar) = (scene.player(1), scene.player(2), scene.mob("boar"));
    // 5 tiles, to the rim of a body.
    let near = 5 * 1_024 + 307;
    scene.put(me, At(scene.at(boar).offset(near + 1, 0)));
    scene.ticks(2 * TICK_HZ);
    assert!(scene.get::<Mind>(boar).is_peaceful(), "that is too far");
    scene.put(me, At(scene.at(boar).offset(near, 0)));
    scene.until("it bites", 5, |scene| scene.health(me) < 100);
    assert_eq!((mood(&scene, boar), scene.get::<Mind>(boar).enemy), (Mood::Fight, Some(me)));
    let fights = |player| scene.get::<Replicated<Status>>(player).flags & status::IN_COMBAT != 0;
    assert!(fights(me) && !fights(other));
    assert!(!scene.get::<ThreatTable>(boar).knows(other), "6 tiles away, it has nothing to fear");
}

/// In which of 16 ticks a mob that has nothing to wait for decides what to do.
fn decisions(level: OverloadLevel, has_enemy: bool) -> Vec<u32> {
    const UNDECIDED: Mood = Mood::Idle { until: Tick(0) };
    let mut scene = Scene::new(&FIELD, &[("rabbit", (10, 2))]);
    scene.enter(1, "fighter", tile(16, 2));
    scene.channel.push(ToChannel::Overload { level });
    let (enemy, rabbit) = (scene.player(1), scene.mob("rabbit"));
    scene.ticks(4);
    let decides = |_: &u32| {
        let (mut mind, mut threat) = (scene.get::<Mind>(rabbit), ThreatTable::default());
        mind.mood = UNDECIDED;
        if has_enemy {
            threat.add(enemy, 1);
        }
        scene.put(rabbit, (mind, threat));
        scene.tick();
        mood(&scene, rabbit) != UNDECIDED
    };
    (0..16).filter(decides).collect()
}

#[test]
fn mobs_without_enemies_decide_every_fourth_tick_alone_while_the_server_is_overloaded() {
    let each: Vec<u32> = (0..16).collect();
    assert_eq!(decisions(OverloadLevel::NearRarely, false), each, "not at the level before");
    for level in [OverloadLevel::IdleMinds, OverloadLevel::Full, OverloadLevel::SlowClock] {
        let fourth = decisions(level, false);
        assert!(fourth.len() == 4 && fourth.windows(2).all(|two| two[1] - two[0] == 4), "{level:?}: {fourth:?}");
        assert_eq!(decisions(level, true), each, "{level:?}: who has an enemy does not wait");
    }
}

#[test]
fn a_wall_hides() {
    let attacks = |rows: [&str; 3]| {
        let mut scene = Scene::new(&rows, &[("boar", (5, 1))]);
        scene.enter(1, "fighter", tile(1, 1));
        let boar = scene.mob("boar");
        (0..3 * TICK_HZ).any(|_| {
            scene.tick();
            !scene.get::<Mind>(boar).is_peaceful()
        })
    };
    assert!(attacks(["S.........", "..........", ".........."]), "4 tiles are near");
    assert!(!attacks(["S..#......", "...#......", "...#......"]), "but not with a wall between");
}

#[test]
fn a_rabbit_runs_from_who_hurts_it_and_comes_home_whole() {
    let mut scene = Scene::new(&FIELD, &[("rabbit", (10, 2))]);
    scene.enter(1, "fighter", tile(9, 2));
    let rabbit = scene.mob("rabbit");
    scene.ticks(TICK_HZ);
    assert!(scene.get::<Mind>(rabbit).is_peaceful(), "it minds nobody who does nothing");
    let aim = Aim::Entity(scene.id(rabbit));
    scene.act(1, 0, aim);
    scene.until("it has run 3 tiles", 3, |scene| scene.at(rabbit).x > tile(13, 2).x);
    scene.until("it goes home", 4, |scene| mood(scene, rabbit) == Mood::Return);
    scene.until("it is home", 6, |scene| scene.get::<Mind>(rabbit).is_peaceful());
    scene.ticks(2);
    assert!(scene.at(rabbit).within(tile(10, 2), 307), "{:?}", scene.at(rabbit));
    assert_eq!(scene.get::<Replicated<Health>>(rabbit).0, Health { current: 100, max: 100 });
}

#[test]
fn wolves_call_their_kind_and_nobody_else() {
    let mobs = [("wolf", (8, 2)), ("wolf", (13, 2)), ("boar", (13, 4)), ("wolf", (18, 2))];
    let mut scene = Scene::new(&FIELD, &mobs);
    scene.enter(1, "caster", tile(4, 2));
    let wolves = scene.mobs("wolf");
    scene.act(1, 0, Aim::Direction(EAST));
    scene.until("the first is hit", 2, |scene| scene.health(wolves[0]) < 60);
    scene.ticks(10);
    assert_eq!(mood(&scene, wolves[0]), Mood::Fight);
    assert_eq!(mood(&scene, wolves[1]), Mood::Fight, "5 tiles from the first: it hears the call");
    assert_eq!(scene.get::<Mind>(wolves[1]).enemy, Some(scene.player(1)), "and against whom");
    let boar = scene.mob("boar");
    assert!(scene.get::<Mind>(boar).is_peaceful(), "not of their kind");
    assert!(
        scene.get::<Mind>(wolves[2]).is_peaceful(),
        "out of earshot, though not of one that was called: calls are not passed on"
    );
}

#[test]
fn an_archer_shoots_from_afar_and_steps_back_from_who_comes_near() {
    let mut scene = Scene::new(&FIELD, &[("archer", (12, 2))]);
    scene.enter(1, "fighter", tile(6, 2));
    let (me, archer) = (scene.player(1), scene.mob("archer"));
    scene.until("it hits from afar", 4, |scene| scene.health(me) < 100);
    assert_eq!(scene.at(archer), tile(12, 2), "at 6 tiles it neither comes near nor steps back");
    scene.walk(1, EAST, 40);
    assert!(scene.at(archer).x > tile(12, 2).x, "it steps back");
}

#[test]
fn who_is_led_too_far_goes_home_untouchable_and_mends() {
    let mut scene = Scene::new(&FIELD, &[("boar", (6, 2))]);
    scene.enter(1, "fighter", tile(8, 2));
    let (me, boar) = (scene.player(1), scene.mob("boar"));
    scene.ticks(5);
    scene.set_health(boar, 30);
    for _ in 0..260 {
        if mood(&scene, boar) == Mood::Return {
            break;
        }
        scene.walk(1, EAST, 1);
    }
    assert_eq!(mood(&scene, boar), Mood::Return);
    let led = scene.at(boar).distance(tile(6, 2));
    assert!((9 * 1_024..9 * 1_024 + 103).contains(&led), "9 tiles are its leash, not {led} units");
    scene.ticks(1);
    assert!(scene.has::<Untouchable>(boar));
    assert_eq!(scene.get::<Replicated<Status>>(boar).flags & status::RETURNING, status::RETURNING);
    let hurt = scene.health(boar);
    assert!(hurt < 60, "it is not whole yet: {hurt}");
    scene.put(me, At(scene.at(boar).offset(-700, 0)));
    scene.ticks(1);
    let aim = Aim::Entity(scene.id(boar));
    scene.act(1, 0, aim);
    assert_eq!(scene.refusals(1), [Refusal::BadTarget]);
    assert!(scene.health(boar) >= hurt, "nothing harms it");
    scene.put(me, At(tile(30, 4)));
    scene.until("it is home", 8, |scene| scene.get::<Mind>(boar).is_peaceful());
    assert!(scene.at(boar).within(tile(6, 2), 358), "{:?}", scene.at(boar));
    scene.ticks(2);
    assert!(!scene.has::<Untouchable>(boar) && scene.get::<ThreatTable>(boar).is_empty());
    assert_eq!(scene.health(boar), 60);
}

#[test]
fn being_held_is_provocation_enough() {
    let mut scene = Scene::new(&FIELD, &[("rabbit", (9, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let rabbit = scene.mob("rabbit");
    let aim = Aim::Entity(scene.id(rabbit));
    scene.act(1, 3, aim);
    scene.ticks(1);
    assert!(scene.get::<ThreatTable>(rabbit).knows(scene.player(1)));
    assert!(!scene.get::<Mind>(rabbit).is_peaceful());
}

#[test]
fn the_mob_follows_who_hurts_it_most_and_healing_counts_half() {
    let mut scene = Scene::new(&FIELD, &[("boar", (10, 2))]);
    scene.enter(1, "fighter", tile(9, 2));
    scene.enter(2, "fighter", tile(11, 2));
    scene.enter(3, "caster", tile(13, 2));
    let boar = scene.mob("boar");
    let aim = Aim::Entity(scene.id(boar));
    scene.act(1, 0, aim);
    scene.ticks(2);
    assert_eq!(scene.get::<Mind>(boar).enemy, Some(scene.player(1)));
    scene.act(2, 0, aim);
    scene.ticks(2);
    assert_eq!(scene.get::<Mind>(boar).enemy, Some(scene.player(1)), "as many blows are not more");
    scene.ticks(18);
    scene.act(2, 0, aim);
    scene.ticks(2);
    assert_eq!(scene.get::<Mind>(boar).enemy, Some(scene.player(2)), "twice the blows");
    let friend = scene.player(2);
    scene.set_health(friend, 10);
    let heal = Aim::Entity(scene.id(friend));
    scene.act(3, 3, heal);
    let (healer, healed) = (scene.player(3), u32::from(scene.health(friend)) - 10);
    let threat = scene.get::<ThreatTable>(boar);
    assert!(threat.knows(healer), "who heals its enemy is its enemy");
    // Of two with the same threat, the earlier is the worse.
    let is_worse_than_who_adds = |added| {
        let (mut threat, stranger) = (threat.clone(), Entity::PLACEHOLDER);
        threat.add(stranger, added);
        threat.worst(None, 1_000, |who| who == healer || who == stranger) == Some(healer)
    };
    assert!(healed > 1 && is_worse_than_who_adds(healed / 2) && !is_worse_than_who_adds(healed / 2 + 1));
}

#[test]
fn mobs_let_go_of_who_reaches_a_safe_zone_and_stay_out() {
    let mut scene = Scene::new(&["S.......", "........"], &[("boar", (5, 0))]);
    scene.enter(1, "fighter", tile(2, 0));
    let (me, boar) = (scene.player(1), scene.mob("boar"));
    scene.until("it attacks", 4, |scene| mood(scene, boar) == Mood::Fight);
    scene.walk(1, WEST, 15);
    scene.until("it gives up", 2, |scene| mood(scene, boar) == Mood::Return);
    let health = scene.health(me);
    for _ in 0..4 * TICK_HZ {
        scene.tick();
        assert_ne!(scene.at(boar).tile(), (0, 0));
    }
    assert!(scene.health(me) >= health, "nobody is harmed there");

    let mut scene = Scene::new(&["....S....", "........."], &[("boar", (7, 0))]);
    scene.enter(1, "fighter", tile(2, 0));
    let (me, boar) = (scene.player(1), scene.mob("boar"));
    scene.until("it bites who stands beyond the zone", 8, |scene| {
        assert_ne!(scene.at(boar).tile(), (4, 0), "it walks around the zone");
        scene.health(me) < 100
    });
    scene.put(me, At(tile(4, 0)));
    scene.put(boar, At(tile(3, 0)));
    scene.until("it gives up", 2, |scene| mood(scene, boar) == Mood::Return);
    scene.until("it is home", 8, |scene| {
        assert_ne!(scene.at(boar).tile(), (4, 0), "its way home leads around the zone too");
        scene.get::<Mind>(boar).is_peaceful()
    });
}

#[test]
fn mobs_sleep_while_no_player_is_near() {
    let mut long = vec!["S".to_owned() + &".".repeat(79); 3];
    long[1] = ".".repeat(80);
    let rows: Vec<&str> = long.iter().map(String::as_str).collect();
    let mut scene = Scene::new(&rows, &[("post", (70, 1)), ("boar", (74, 1))]);
    scene.enter(1, "fighter", tile(2, 1));
    let (post, boar) = (scene.mob("post"), scene.mob("boar"));
    let both = [post, boar];
    scene.until("they sleep", 2, |scene| both.iter().all(|mob| scene.has::<Asleep>(*mob)));
    // The post's pause is over in 2 seconds, so awake it would decide something.
    let decided = both.map(|mob| mood(&scene, mob));
    for _ in 0..10 * TICK_HZ {
        scene.ticks(1);
        assert!(both.iter().all(|mob| scene.has::<Asleep>(*mob)));
    }
    assert_eq!(both.map(|mob| mood(&scene, mob)), decided, "in their sleep they decide nothing");
    let me = scene.player(1);
    scene.put(me, At(tile(72, 1)));
    scene.until("it wakes and attacks", 2, |scene| mood(scene, boar) == Mood::Fight);
    scene.until("who minds nobody wakes too", 1, |scene| !scene.has::<Asleep>(post));
    scene.ticks(TICK_HZ);
    assert!(!scene.has::<Asleep>(post), "and stays awake beside a player");
    scene.put(me, At(tile(2, 1)));
    scene.until("it is home again and sleeps", 10, |scene| scene.has::<Asleep>(boar));
    assert!(scene.get::<Mind>(boar).is_peaceful() && scene.at(boar).within(tile(74, 1), 1_024));
    assert_eq!(
        scene.get::<Replicated<Status>>(boar).flags,
        0,
        "whoever sleeps has nothing that others would have to see end"
    );
}

#[test]
fn whoever_is_harmed_in_its_sleep_wakes_at_once() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    let post = scene.mob("post");
    scene.ticks(TICK_HZ);
    assert!(scene.has::<Asleep>(post), "nobody is there");
    scene.enter(1, "caster", tile(3, 2));
    scene.until("it looks around, which it does every 6 ticks", 1, |scene| !scene.has::<Asleep>(post));
    scene.put(post, Asleep);
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 2, aim);
    assert!(!scene.has::<Asleep>(post));
    let flags = scene.get::<Replicated<Status>>(post).flags;
    assert_eq!(flags & status::AFFLICTED, status::AFFLICTED, "and that is seen in the same tick");
    scene.ticks(15);
    assert_eq!(scene.health(post), 197, "it is felt too");
}
