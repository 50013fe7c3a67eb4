//! Abilities that are shown when they are pressed, before the server has answered.

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{
    AbilityInfo, AbilityShape, Answers, Casting, Cooldowns, Health, MoveSpeed, Refusal, Resource, Rules, ServerMessage,
    Status, status,
};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::{Action, Aim};

use crate::session::testing::{Shown, entered_with, tell};
use crate::session::{Cast, Intent, Session};
use crate::world::EntityView;

const STRIKE: u8 = 0;
const BOLT: u8 = 1;
const SPRINT: u8 = 2;

fn ability(id: &str, cost: u16, cast_ms: u32, cooldown_ms: u32) -> AbilityInfo {
    AbilityInfo {
        id: id.to_owned(),
        name: id.to_owned(),
        shape: AbilityShape::Cone,
        range: 2_048,
        cone_degrees: 120,
        radius: 0,
        burst_radius: 0,
        speed_per_s: 0,
        min_level: 0,
        cost,
        cast_ms,
        cast_while_moving: false,
        cooldown_ms,
        off_global_cooldown: false,
        friendly: false,
    }
}

/// At 20 ticks a second: a strike at once, a bolt with a cast of 20 ticks, and a sprint beside everything else.
fn session() -> Session {
    let sprint = AbilityInfo { off_global_cooldown: true, friendly: true, ..ability("sprint", 0, 0, 5_000) };
    let abilities = vec![ability("strike", 10, 0, 3_000), ability("bolt", 30, 1_000, 500), sprint];
    let rules = Rules { global_cooldown_ms: 1_000, ..Rules::default() };
    let mut session = entered_with(20, abilities, rules);
    show(&mut session, 100, 0, own());
    session
}

fn own() -> EntityView {
    EntityView {
        health: Some(Health { current: 50, max: 50 }),
        resource: Some(Resource { current: 45, max: 100 }),
        cooldowns: Some(Cooldowns { ready_at: vec![0, 0, 0] }),
        move_speed: Some(MoveSpeed { units_per_tick: 100 }),
        ..EntityView::default()
    }
}

/// The server shows a tick, in which it has applied so many commands.
fn show(session: &mut Session, tick: u32, last_command: u32, own: EntityView) {
    let head = ServerFrameHead { tick: Tick(tick), last_command, buffered_commands: 2 };
    let shown = Shown { head, at: Position { x: 9_000, y: 9_000 }, own, ..Shown::default() };
    assert!(session.receive_frame(&shown.bytes()));
}

fn press(session: &mut Session, slot: u8) {
    session.tick(Intent { heading: None, action: Some(Action::new(slot, Aim::None)) });
}

fn ready_at(session: &Session) -> [u32; 3] {
    [STRIKE, BOLT, SPRINT].map(|slot| session.ready_at(slot).0)
}

#[test]
fn what_is_pressed_shows_its_cooldowns_at_once() {
    let mut session = session();
    session.tick(Intent::default());
    press(&mut session, STRIKE);
    // The second command after tick 100: its own 60 ticks, and 20 for the other that keeps the global cooldown.
    assert_eq!((session.own_tick(), ready_at(&session)), (Tick(102), [162, 122, 0]));
    let refusals = [STRIKE, BOLT, SPRINT].map(|slot| session.may_use(slot));
    assert_eq!(refusals, [Err(Refusal::OnCooldown), Err(Refusal::OnCooldown), Ok(())]);
    // The server has not applied it, then it has, a tick later than expected.
    show(&mut session, 101, 1, own());
    assert_eq!(ready_at(&session), [162, 122, 0]);
    let told = EntityView { cooldowns: Some(Cooldowns { ready_at: vec![163, 123, 0] }), ..own() };
    show(&mut session, 103, 2, told);
    assert_eq!((ready_at(&session), session.predicted_uses().count()), ([163, 123, 0], 0));
    assert_eq!(session.take_taken_back(), []);
}

#[test]
fn a_refused_use_is_taken_back() {
    let mut session = session();
    press(&mut session, STRIKE);
    press(&mut session, SPRINT);
    assert_eq!(ready_at(&session), [161, 121, 202]);
    let answers = Answers::Command { number: 1, slot: STRIKE };
    let refused = ServerMessage::Refused { request: "Ability".to_owned(), answers, reason: Refusal::BadTarget };
    tell(&mut session, &refused);
    assert_eq!(ready_at(&session), [0, 0, 202], "and only that");
    let taken_back = session.take_taken_back();
    assert_eq!(taken_back.iter().map(|of| (of.command, of.slot)).collect::<Vec<_>>(), [(1, STRIKE)]);
    assert_eq!(session.take_taken_back(), []);
}

#[test]
fn a_use_that_the_server_answers_with_nothing_is_taken_back_too() {
    // A player who keeps pressing is not told of each refusal.
    let mut session = session();
    press(&mut session, STRIKE);
    press(&mut session, BOLT);
    show(&mut session, 102, 2, own());
    assert_eq!((ready_at(&session), session.cast()), ([0, 0, 0], None));
    assert_eq!(session.take_taken_back().iter().map(|of| of.slot).collect::<Vec<_>>(), [STRIKE]);
}

#[test]
fn of_refused_uses_that_nobody_takes_the_newest_are_kept() {
    let mut session = session();
    for command in 1..=40 {
        press(&mut session, STRIKE);
        show(&mut session, 100 + command, command, own());
    }
    let kept: Vec<u32> = session.take_taken_back().iter().map(|of| of.command).collect();
    assert_eq!(kept, (25..=40).collect::<Vec<_>>());
}

#[test]
fn a_cast_is_shown_from_its_press_to_its_end() {
    let mut session = session();
    press(&mut session, BOLT);
    let cast = Cast { ability: 1, from: Tick(101), until: Tick(121) };
    assert_eq!(session.cast(), Some(cast));
    assert_eq!(session.may_use(STRIKE), Err(Refusal::Busy));
    show(&mut session, 101, 0, own());
    assert_eq!(session.cast(), Some(cast), "the server has not heard of it yet");
    // The server begins a tick later, and tells so.
    let casting = Some(Casting { ability: 1, until_tick: 122 });
    let cooldowns = Some(Cooldowns { ready_at: vec![122, 122, 0] });
    show(&mut session, 103, 1, EntityView { casting, cooldowns, ..own() });
    let told = Cast { ability: 1, from: Tick(102), until: Tick(122) };
    assert_eq!(session.cast(), Some(told));
    // Its own cooldown begins with its effect.
    assert_eq!(session.ready_at(BOLT), Tick(131));
    let cooldowns = Some(Cooldowns { ready_at: vec![122, 132, 0] });
    (2..22).for_each(|_| _ = session.tick(Intent::default()));
    let mut after = own();
    after.cooldowns = cooldowns;
    show_without_cast(&mut session, 122, 21, after);
    assert_eq!((session.cast(), session.ready_at(BOLT)), (None, Tick(132)));
    assert_eq!(session.take_taken_back(), []);
}

/// As [`show`], after a cast: an entity that is shown anew has none.
fn show_without_cast(session: &mut Session, tick: u32, last_command: u32, own: EntityView) {
    assert!(own.casting.is_none());
    show(session, tick, last_command, own);
}

#[test]
fn walking_breaks_a_cast_but_not_the_one_that_begins_with_the_step() {
    let mut session = session();
    let walk = Intent { heading: Some(Angle(0)), action: None };
    session.tick(Intent { action: Some(Action::new(BOLT, Aim::None)), ..walk });
    assert!(session.cast().is_some());
    session.tick(Intent::default());
    assert!(session.cast().is_some());
    session.tick(walk);
    assert_eq!(session.cast(), None);
    assert_eq!(session.take_taken_back(), [], "nobody has refused it");
}

#[test]
fn a_cast_that_the_server_broke_is_taken_back() {
    let mut session = session();
    press(&mut session, BOLT);
    let casting = Some(Casting { ability: 1, until_tick: 121 });
    show(&mut session, 101, 1, EntityView { casting, ..own() });
    show(&mut session, 110, 1, own());
    assert_eq!((session.cast(), session.take_taken_back().len()), (None, 1));
}

#[test]
fn what_the_server_would_refuse_is_not_shown() {
    let dead = EntityView { health: Some(Health { current: 0, max: 50 }), ..own() };
    let safe = EntityView { status: Some(Status { flags: status::SAFE }), ..own() };
    let tired = EntityView { resource: Some(Resource { current: 9, max: 100 }), ..own() };
    let cases = [(dead, Refusal::Dead), (safe, Refusal::InSafeZone), (tired, Refusal::TooLittleResource)];
    for (view, reason) in cases {
        let mut session = session();
        show(&mut session, 101, 0, view);
        assert_eq!(session.may_use(STRIKE), Err(reason));
        press(&mut session, STRIKE);
        assert_eq!(session.predicted_uses().count(), 0, "{reason:?}");
    }
    let mut session = session();
    assert_eq!(session.may_use(3), Err(Refusal::NoSuchAbility));
    // 45 points are enough for a bolt of 30, and then no more for a strike of 20.
    press(&mut session, BOLT);
    (1..25).for_each(|_| _ = session.tick(Intent::default()));
    assert_eq!(session.may_use(BOLT), Err(Refusal::TooLittleResource), "what is under way will cost, too");
}
