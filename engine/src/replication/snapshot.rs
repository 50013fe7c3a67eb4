//! Makes each client's snapshot.

use bevy_ecs::prelude::*;
use realmgate_protocol::bits::{BitField, BitWriter};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{OwnState, PLACE, SnapshotWriter, Told, write_body};

use super::bodies::Bodies;
use super::budget::{Due, Pace, Room, SnapshotBudget, press};
use super::encode::{Encoded, Encoders};
use super::interest::InterestGrid;
use super::known::{CLASSES, Crossings, Eye, Known, Untold};
use super::slots::Slots;
use super::view::{ClientView, Sent};
use super::{InterestRange, MAX_SNAPSHOT_BYTES, NetEntity};
use crate::body::{At, Heading};
use crate::clock::TickClock;
use crate::input::InputBuffer;
use crate::outbox::Outbox;
use crate::overload::OverloadLevel;
use crate::player::{LeaveRequested, LinkDead, Player};

/// Ticks after which a client that does not cross a border of cells looks around anew: a power of two.
const LOOK_PERIOD: u32 = 4;
/// The same of one that sees a crowd, which costs more to look at, and of which not all that is new can be told at once: a power
/// of two.
const CROWD_LOOK_PERIOD: u32 = 8;
/// So many in view are a crowd.
const CROWD: usize = 256;
/// So many births in a tick are looked at one by one by every client; after more, all look around.
const MAX_BORN: usize = 256;
/// Kept between ticks, so that a steady tick allocates nothing.
#[derive(Default)]
pub(super) struct Scratch {
    crossings: Crossings,
    turns: Vec<Turn>,
    due: Vec<Due>,
    /// Ids of those that are told, each before its place among those that are due.
    order: Vec<u64>,
    bodies: Bodies,
}

/// One of a class, by its place in it, whose turn it is.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    at: u32,
    far: bool,
}

/// A player who is to be sent a snapshot.
#[derive(bevy_ecs::query::QueryData)]
#[query_data(mutable)]
pub(super) struct Viewer {
    entity: Entity,
    player: &'static Player,
    id: &'static NetEntity,
    at: &'static At,
    heading: Option<&'static Heading>,
    encoded: &'static Encoded,
    input: &'static InputBuffer,
    view: &'static mut ClientView,
}

/// What of the world a snapshot reads.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Seen<'w, 's> {
    clock: Res<'w, TickClock>,
    range: Res<'w, InterestRange>,
    budget: Res<'w, SnapshotBudget>,
    level: Res<'w, OverloadLevel>,
    encoders: Res<'w, Encoders>,
    slots: Res<'w, Slots>,
    entities: Query<'w, 's, &'static Encoded>,
}

pub(super) fn write_snapshots(
    seen: Seen<'_, '_>,
    mut grid: ResMut<InterestGrid>,
    mut viewers: Query<Viewer, Without<LinkDead>>,
    mut leave: MessageWriter<LeaveRequested>,
    mut outbox: ResMut<Outbox>,
    mut scratch: Local<Scratch>,
) {
    let now = seen.clock.now();
    scratch.bodies.begin(seen.slots.len());
    for mut viewer in &mut viewers {
        let view = &mut *viewer.view;
        let own = Own {
            id: viewer.id.0,
            state: OwnState { position: viewer.at.0, facing: viewer.heading.map_or(Angle(0), |heading| heading.0) },
            encoded: viewer.encoded,
        };
        let eye = Eye { own: viewer.encoded.slot, centre: viewer.at.0 };
        // First, since one that counts as lost makes news.
        let sent = view.start_snapshot(now);
        update_view(view, &seen, &mut grid, eye, now, &mut scratch.crossings);
        view.known.note_news(&seen.slots, now);
        let pace = Pace::new(*seen.level, eye.own, now, view.known.waiting(), &seen.budget);
        collect_due(view, &seen, eye, now, pace, &mut scratch);
        let last_command = viewer.input.last_applied();
        let head = ServerFrameHead { tick: now, last_command, buffered_commands: viewer.input.len() as u8 };
        outbox.frames.write(viewer.player.session, |frames| {
            let mut out = BitWriter::append(std::mem::take(frames));
            write_snapshot(view, sent, head, &own, &seen, &mut scratch, &mut out);
            *frames = out.into_bytes();
        });
        for (class, _) in pace.classes() {
            if view.known.has_untold(class) {
                view.known.keep_untold(class);
            }
        }
        if view.is_deaf() {
            leave.write(LeaveRequested { player: viewer.entity, reason: LeaveReason::Abuse });
        }
    }
}

/// The client's own entity.
struct Own<'a> {
    id: EntityId,
    state: OwnState,
    encoded: &'a Encoded,
}

/// Takes in who came near, lets go who went far: every few ticks, each client at another one, since the gap between the
/// ranges is wider than what is walked in that time. Who was born near is taken in at once.
fn update_view(
    view: &mut ClientView,
    seen: &Seen<'_, '_>,
    grid: &mut InterestGrid,
    eye: Eye,
    now: Tick,
    crossings: &mut Crossings,
) {
    view.known.let_gone_go(&seen.slots, crossings);
    let cell = grid.cell(eye.centre);
    let period = if view.known.len() < CROWD { LOOK_PERIOD } else { CROWD_LOOK_PERIOD };
    let is_turn = eye.own.wrapping_add(now.0) & (period - 1) == 0;
    if is_turn || view.looked_from != Some(cell) || seen.slots.born.len() > MAX_BORN {
        view.looked_from = Some(cell);
        let candidates = grid.candidates(cell, seen.range.leave, now);
        view.known.look_around(candidates, &seen.slots, eye, &seen.range, now, crossings);
    } else {
        view.known.welcome_born(&seen.slots, eye, &seen.range, now, crossings);
    }
    view.note_crossings(crossings, now);
}

/// Lists those of a class whose turn it is. Without a branch for each, since who is far follows no pattern.
fn list_turns(untold: &[Untold], seen: &Seen<'_, '_>, eye: Eye, far_too: bool, turns: &mut Vec<Turn>) {
    let near = i64::from(seen.range.enter / 2);
    turns.resize(untold.len(), Turn::default());
    let mut count = 0;
    for (one, at) in untold.iter().zip(0..) {
        let far = seen.slots.at[one.slot as usize].distance_squared(eye.centre) > near * near;
        turns[count] = Turn { at, far };
        count += usize::from(far_too | !far);
    }
    turns.truncate(count);
}

/// Lists what is to be told now if it fits.
fn collect_due(view: &mut ClientView, seen: &Seen<'_, '_>, eye: Eye, now: Tick, pace: Pace, scratch: &mut Scratch) {
    let Scratch { turns, due, bodies, .. } = scratch;
    due.clear();
    let slots = &*seen.slots;
    for (class, far_too) in pace.classes() {
        if !view.known.has_untold(class) {
            continue;
        }
        list_turns(view.known.untold(class), seen, eye, far_too, turns);
        for Turn { at, far } in turns.iter().copied() {
            let one = view.known.untold(class)[at as usize];
            let is_new = view.known.is_new(one.slot);
            if !Known::is_due(&one, is_new, slots) {
                view.known.untold(class)[at as usize].mark_told();
                continue;
            }
            let from = if is_new { Tick(0) } else { one.from };
            let body = bodies.get(one.slot, from, now, |out| write_changes(seen, one.slot, from, now, out));
            let press = press(now.since(one.from), far, body.preferred);
            due.push(Due { at, slot: one.slot, id: slots.id[one.slot as usize], from: one.from, body, is_new, press });
        }
    }
}

/// Appends all changes of an entity after `from`, as every client is told that sees it. Whether one is to be told before others.
fn write_changes(seen: &Seen<'_, '_>, slot: u32, from: Tick, now: Tick, out: &mut BitWriter) -> bool {
    let slots = &*seen.slots;
    let place = 1 << PLACE;
    let has_moved = from == Tick(0) || slots.set_out[slot as usize] > from;
    let encoded = seen.entities.get(slots.entity[slot as usize]).ok();
    let told = match encoded {
        Some(encoded) if slots.changed[slot as usize] > from || from == Tick(0) => {
            encoded.told_since(from, !seen.encoders.owner_only())
        }
        _ => Told::default(),
    };
    let changed = told.changed | if has_moved { place } else { 0 };
    let told = Told { changed, there: told.there | place, ..told };
    write_body(out, told, |id, out| match encoded {
        Some(encoded) if id != PLACE => encoded.write(id, out),
        _ => slots.course(slot, now).write(out),
    });
    told.changed & seen.encoders.preferred() != 0
}

fn write_snapshot(
    view: &mut ClientView,
    mut sent: Sent,
    head: ServerFrameHead,
    own: &Own<'_>,
    seen: &Seen<'_, '_>,
    scratch: &mut Scratch,
    out: &mut BitWriter,
) {
    let Scratch { due, order, bodies, .. } = scratch;
    let now = head.tick;
    head.write(out, view.needs_whole_head(now));
    let from = view.tell_own(own.encoded.newest(), &mut sent);
    let told = from.map(|from| own.encoded.told_since(from, u16::MAX)).unwrap_or_default();
    let mut snapshot = SnapshotWriter::own(out, own.id, own.state, told, |id, out| own.encoded.write(id, out));
    snapshot.despawns(view.tell_despawns(&mut sent));
    let budget_bits = 8 * seen.budget.bytes.min(MAX_SNAPSHOT_BYTES);
    let mut room = Room::share(due, budget_bits.saturating_sub(snapshot.len_bits()));
    order.clear();
    let places = due.iter().zip(0u64..).filter(|(one, _)| room.has_place_for(one));
    order.extend(places.map(|(one, place)| u64::from(one.id.0) << 32 | place));
    order.sort_unstable();
    for place in order.iter() {
        let one = due[*place as u32 as usize];
        if snapshot.encoded(one.id, bodies.bytes(&one.body), one.body.bits.into(), MAX_SNAPSHOT_BYTES) {
            view.known.untold(one.slot % CLASSES)[one.at as usize].mark_told();
            view.tell(one.slot, one.from, one.is_new, &mut sent);
        }
    }
    snapshot.finish();
    view.keep(sent);
}
