//! Makes each client's snapshot.

use bevy_ecs::prelude::*;
use realmgate_protocol::bits::{BitField, BitWriter};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{MASK_BITS, OwnState, PLACE, SnapshotWriter, Told};

use super::budget::{Due, SnapshotBudget, keep_most_pressing, periods};
use super::encode::{Encoded, Encoders};
use super::interest::InterestGrid;
use super::slots::Slots;
use super::view::ClientView;
use super::{InterestRange, MAX_SNAPSHOT_BYTES, NetEntity};
use crate::body::{At, Heading};
use crate::clock::TickClock;
use crate::input::InputBuffer;
use crate::outbox::Outbox;
use crate::overload::OverloadLevel;
use crate::player::{LeaveRequested, LinkDead, Player};

/// Ticks after which a client that does not cross a border of cells looks around anew: a power of two.
const LOOK_PERIOD: u32 = 4;
/// So many births in a tick are looked at one by one by every client; after more, all look around.
const MAX_BORN: usize = 256;
/// Bits of an id but for the rarest, and of what else stands before a place that is told alone.
const ID_BITS: usize = 20;
/// Bits that stand before components but for that, where they are numbered, and where there is a mask of them.
const NUMBERED_BITS: usize = 3;
const MASKED_BITS: usize = NUMBERED_BITS + MASK_BITS as usize;
/// Bits of the longest place.
const PLACE_BITS: usize = 70;

/// Kept between ticks, so that a steady tick allocates nothing.
#[derive(Default)]
pub(super) struct Scratch {
    due: Vec<Due>,
    left: Vec<EntityId>,
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
    for mut viewer in &mut viewers {
        let view = &mut *viewer.view;
        let own = Own {
            slot: viewer.encoded.slot,
            id: viewer.id.0,
            state: OwnState { position: viewer.at.0, facing: viewer.heading.map_or(Angle(0), |heading| heading.0) },
            encoded: viewer.encoded,
        };
        update_view(view, &seen, &mut grid, (own.slot, own.state.position), now, &mut scratch.left);
        collect_due(view, &seen, now, &mut scratch);
        let last_command = viewer.input.last_applied();
        let head = ServerFrameHead { tick: now, last_command, buffered_commands: viewer.input.len() as u8 };
        outbox.frames.write(viewer.player.session, |frames| {
            let mut out = BitWriter::append(std::mem::take(frames));
            write_snapshot(view, head, &own, &seen, &mut scratch.due, &mut out);
            *frames = out.into_bytes();
        });
        if view.is_deaf() {
            leave.write(LeaveRequested { player: viewer.entity, reason: LeaveReason::Abuse });
        }
    }
}

/// The client's own entity.
struct Own<'a> {
    slot: u32,
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
    (own, centre): (u32, Position),
    now: Tick,
    left: &mut Vec<EntityId>,
) {
    let cell = grid.cell(centre);
    let is_turn = own.wrapping_add(now.0) & (LOOK_PERIOD - 1) == 0;
    if is_turn || view.looked_from != Some(cell) || seen.slots.born.len() > MAX_BORN {
        view.looked_from = Some(cell);
        let candidates = grid.candidates(cell, seen.range.leave, now);
        view.known.look_around(candidates, &seen.slots, (own, centre), &seen.range, now, left);
        view.let_go(left, now);
    } else {
        view.known.welcome_born(&seen.slots, (own, centre), &seen.range, now);
    }
    view.take_back_entered();
}

/// Lists what the client lacks, and lets go of what is no more.
fn collect_due(view: &mut ClientView, seen: &Seen<'_, '_>, now: Tick, scratch: &mut Scratch) {
    let Scratch { due, left } = scratch;
    due.clear();
    let (slots, encoders) = (&*seen.slots, &*seen.encoders);
    view.known.news(slots, now, periods(*seen.level), |news| {
        let slot = news.slot as usize;
        let place = 1 << PLACE;
        if slots.changed[slot] <= news.from {
            // Nothing but its place: no need to look any further.
            let told = Told { is_new: false, changed: place, there: place };
            return due.push(Due::new(news, told, ID_BITS + PLACE_BITS, false));
        }
        let Ok(encoded) = seen.entities.get(slots.entity[slot]) else { return };
        let mut told = encoded.told_since(news.from, !encoders.owner_only());
        told.there |= place;
        let moved = told.is_new || slots.set_out[slot] > news.from;
        told.changed |= if moved { place } else { 0 };
        let head = if told.is_new || told.changed.count_ones() > 3 { MASKED_BITS } else { NUMBERED_BITS };
        let place = if moved { 5 + PLACE_BITS } else { 0 };
        let bits = ID_BITS + head + place + encoded.bits(told.changed);
        due.push(Due::new(news, told, bits, told.changed & encoders.preferred() != 0));
    });
    view.known.let_gone_go(due.iter_mut().map(|due| &mut due.news), left);
    view.let_go(left, now);
}

fn write_snapshot(
    view: &mut ClientView,
    head: ServerFrameHead,
    own: &Own<'_>,
    seen: &Seen<'_, '_>,
    due: &mut Vec<Due>,
    out: &mut BitWriter,
) {
    let now = head.tick;
    let mut sent = view.start_snapshot(now);
    head.write(out, view.needs_whole_head(now));
    let (confirmed, told_at) = view.own;
    let from = if confirmed.base == Tick(0) { Tick(0) } else { told_at };
    let told = if own.encoded.newest() > from || from == Tick(0) {
        sent.own = Some(from);
        view.own.1 = now;
        own.encoded.told_since(from, u16::MAX)
    } else {
        Told::default()
    };
    let mut snapshot = SnapshotWriter::own(out, own.id, own.state, told, |id, out| own.encoded.write(id, out));
    view.tell_despawns(&mut sent);
    snapshot.despawns(sent.despawns());
    let budget_bits = 8 * seen.budget.bytes.min(MAX_SNAPSHOT_BYTES);
    keep_most_pressing(due, budget_bits.saturating_sub(snapshot.len_bits()));
    due.sort_unstable_by_key(|due| due.news.id);
    for Due { news, told, .. } in due.iter() {
        let encoded = if told.changed == 1 << PLACE {
            None
        } else {
            seen.entities.get(seen.slots.entity[news.slot as usize]).ok()
        };
        let fits = snapshot.entity(news.id, *told, MAX_SNAPSHOT_BYTES, |id, out| match encoded {
            Some(encoded) if id != PLACE => encoded.write(id, out),
            _ => seen.slots.course(news.slot, now).write(out),
        });
        if fits {
            view.known.told(news.at, now);
            sent.entities.push((news.slot, news.from));
        }
    }
    snapshot.finish();
    view.keep(sent);
}
