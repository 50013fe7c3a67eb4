//! Makes each client's snapshot.

use bevy_ecs::prelude::*;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Course, UNITS_PER_TILE};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{EntityUpdate, OwnState, SnapshotWriter, write_update};

use super::budget::{BitBudget, Distance, DueUpdate, SnapshotBudget, priority};
use super::candidates::CandidateLists;
use super::encode::{Encoded, Encoders};
use super::pending::{GROUPS, PendingUpdate};
use super::slots::Slots;
use super::update_cache::UpdateCache;
use super::update_schedule::UpdateSchedule;
use super::view::{ClientView, SentSnapshot};
use super::visible_set::{AreaOfInterest, Viewpoint, VisibilityChanges};
use super::{InterestRange, MAX_SNAPSHOT_BYTES};
use crate::clock::TickClock;
use crate::outbox::FrameBatch;
use crate::overload::OverloadLevel;
use crate::spatial::SpatialIndex;
use crate::transport::SessionId;

/// Ticks after which the area of interest of a client that stays in its cell is looked through anew: a power of two.
const REFRESH_PERIOD: u32 = 4;
/// The same in a crowd, where that costs more, and where not all that is new can be sent at once: a power of two.
const CROWD_REFRESH_PERIOD: u32 = 8;
/// This many visible entities are a crowd.
const CROWD: usize = 256;
/// A course is sent to clients whose own entity is this near: they complete the low bits of its position by their own.
const COURSE_UNITS: i64 = 31 * UNITS_PER_TILE as i64;
/// After this many spawns in a tick, all clients look through their area of interest instead of through the spawns.
const MAX_SPAWNED: usize = 256;

/// Kept between ticks, so that a steady tick allocates nothing.
#[derive(Default)]
pub(super) struct Scratch {
    candidates: CandidateLists,
    changes: VisibilityChanges,
    turns: Vec<Turn>,
    due: Vec<DueUpdate>,
    /// The due updates that fit: the id, and below it the index in `due`.
    order: Vec<u64>,
    cache: UpdateCache,
    /// The update of the client's own entity.
    own_update: BitWriter,
}

impl Scratch {
    /// Forgets what was listed and encoded in the last tick.
    pub(super) fn begin_tick(&mut self, source: &SnapshotSource<'_, '_>) {
        self.cache.begin_tick(source.slots.len());
        self.candidates.begin_tick(&source.index);
    }
}

/// A pending update of a group whose turn it is, by its index in the group.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    index: u32,
    distance: Distance,
}

/// What of the world snapshots are made of.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct SnapshotSource<'w, 's> {
    clock: Res<'w, TickClock>,
    range: Res<'w, InterestRange>,
    budget: Res<'w, SnapshotBudget>,
    level: Res<'w, OverloadLevel>,
    encoders: Res<'w, Encoders>,
    slots: Res<'w, Slots>,
    index: Res<'w, SpatialIndex>,
    entities: Query<'w, 's, &'static Encoded>,
}

impl SnapshotSource<'_, '_> {
    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }

    pub(super) fn level(&self) -> OverloadLevel {
        *self.level
    }

    pub(super) fn slots(&self) -> &Slots {
        &self.slots
    }
}

/// Who is sent a snapshot.
pub(super) struct Client<'a> {
    pub session: SessionId,
    pub viewpoint: Viewpoint,
    pub own: Own<'a>,
    pub last_command: u32,
    pub buffered_commands: u8,
}

/// What is sent to a client alone: where it is, and its entity, which spectators do not have.
pub(super) struct Own<'a> {
    pub state: OwnState,
    pub entity: Option<(EntityId, &'a Encoded)>,
}

/// Writes the snapshot of one client.
pub(super) fn write_view(
    client: &Client<'_>,
    view: &mut ClientView,
    source: &SnapshotSource<'_, '_>,
    scratch: &mut Scratch,
    frames: &mut FrameBatch,
) {
    let (now, viewpoint) = (source.now(), client.viewpoint);
    // First: a snapshot that counts as lost from now on makes updates pending.
    let sent = view.start_snapshot(now);
    update_visibility(view, source, viewpoint, now, scratch);
    view.pending.add_changed(&view.visible, &source.slots, now);
    let schedule = UpdateSchedule::new(source.level(), viewpoint.own_slot, now, view.pending.len(), &source.budget);
    collect_due(view, source, viewpoint, now, schedule, scratch);
    let Client { last_command, buffered_commands, .. } = *client;
    let head = ServerFrameHead { tick: now, last_command, buffered_commands };
    frames.write(client.session, |bytes| {
        let mut out = BitWriter::append(std::mem::take(bytes));
        write_snapshot(view, sent, head, &client.own, source, scratch, &mut out);
        *bytes = out.into_bytes();
    });
    for (group, _) in schedule.due_groups() {
        if view.pending.has_group(group) {
            view.pending.remove_sent(group);
        }
    }
}

/// Finds out which entities the client sees. The area of interest is looked through every few ticks, for each client in another
/// one: the gap between the two ranges is wider than what is walked in that time. What spawned in range is visible at once, if
/// there is room for it.
fn update_visibility(
    view: &mut ClientView,
    source: &SnapshotSource<'_, '_>,
    viewpoint: Viewpoint,
    now: Tick,
    scratch: &mut Scratch,
) {
    let Scratch { candidates, changes, .. } = scratch;
    view.visible.remove_freed(&source.slots, changes);
    let cell = source.index.cell(viewpoint.position);
    let period = if view.visible.len() < CROWD { REFRESH_PERIOD } else { CROWD_REFRESH_PERIOD };
    let area = AreaOfInterest { slots: &source.slots, viewpoint, range: &source.range };
    let is_turn = viewpoint.own_slot.wrapping_add(now.0) & (period - 1) == 0;
    if is_turn || view.refreshed_from != Some(cell) || source.slots.spawned.len() > MAX_SPAWNED {
        view.refreshed_from = Some(cell);
        let candidates = candidates.around(cell, source.range.leave, &source.index, &source.slots, now);
        view.visible.refresh(area, candidates, &view.pending, now, changes);
    } else {
        view.visible.add_spawned(area, now, changes);
    }
    view.apply(changes, &source.slots, now);
}

/// Lists those of a group whose turn it is. One that has jumped out of reach waits until it is no longer visible. Without a
/// branch for each, since which is far follows no pattern.
fn list_turns(
    pending: &[PendingUpdate],
    source: &SnapshotSource<'_, '_>,
    viewpoint: Viewpoint,
    farthest: Distance,
    turns: &mut Vec<Turn>,
) {
    let near = i64::from(source.range.enter / 2);
    let far_too = farthest == Distance::Far;
    turns.resize(pending.len(), Turn::default());
    let mut count = 0;
    for (update, index) in pending.iter().zip(0..) {
        let squared = source.slots.position[update.slot as usize].distance_squared(viewpoint.position);
        let is_far = squared > near * near;
        turns[count] = Turn { index, distance: if is_far { Distance::Far } else { Distance::Near } };
        count += usize::from((far_too | !is_far) & (squared <= COURSE_UNITS * COURSE_UNITS));
    }
    turns.truncate(count);
}

/// Lists the updates that are sent now if they fit.
fn collect_due(
    view: &mut ClientView,
    source: &SnapshotSource<'_, '_>,
    viewpoint: Viewpoint,
    now: Tick,
    schedule: UpdateSchedule,
    scratch: &mut Scratch,
) {
    let Scratch { turns, due, cache, .. } = scratch;
    due.clear();
    let slots = &*source.slots;
    for (group, farthest) in schedule.due_groups() {
        if !view.pending.has_group(group) {
            continue;
        }
        list_turns(view.pending.group(group), source, viewpoint, farthest, turns);
        for Turn { index, distance } in turns.iter().copied() {
            let update = view.pending.group(group)[index as usize];
            let PendingUpdate { slot, since } = update;
            let is_full = !view.visible.has_baseline(slot);
            if !is_full && !update.has_changes(slots) {
                view.pending.group(group)[index as usize].mark_sent();
                continue;
            }
            let encode_since = if is_full { Tick(0) } else { since };
            let encoded =
                cache.get_or_encode(slot, encode_since, now, |out| encode_update(source, slot, encode_since, now, out));
            let priority = priority(now.since(since), distance, encoded.is_preferred);
            due.push(DueUpdate { index, slot, id: slots.id[slot as usize], since, encoded, is_full, priority });
        }
    }
}

/// Appends all changes of an entity after `since` that everybody may see. Whether one of a preferred component is among them.
fn encode_update(source: &SnapshotSource<'_, '_>, slot: u32, since: Tick, now: Tick, out: &mut BitWriter) -> bool {
    let slots = &*source.slots;
    let has_new_course = since == Tick(0) || slots.course_start[slot as usize] > since;
    let encoded = source.entities.get(slots.entity[slot as usize]).ok();
    let told = match encoded {
        Some(encoded) if slots.last_component_change[slot as usize] > since || since == Tick(0) => {
            encoded.changes_since(since, !source.encoders.owner_only())
        }
        _ => EntityUpdate::default(),
    };
    let told = EntityUpdate { has_course: has_new_course, ..told };
    write_update(out, told, &slots.course(slot, now), |id, out| {
        if let Some(encoded) = encoded {
            encoded.write(id, out);
        }
    });
    told.changed & source.encoders.preferred() != 0
}

fn write_snapshot(
    view: &mut ClientView,
    mut sent: SentSnapshot,
    head: ServerFrameHead,
    own: &Own<'_>,
    source: &SnapshotSource<'_, '_>,
    scratch: &mut Scratch,
    out: &mut BitWriter,
) {
    let Scratch { due, order, cache, own_update, .. } = scratch;
    head.write(out);
    own_update.clear();
    if let Some((_, encoded)) = own.entity
        && let Some(since) = view.record_own(encoded.last_change(), &mut sent)
    {
        let changes = encoded.changes_since(since, u16::MAX);
        write_update(own_update, changes, &Course::default(), |id, out| encoded.write(id, out));
    }
    let mut snapshot = SnapshotWriter::own(out, own.state);
    snapshot.despawns(view.record_despawns(&mut sent));
    // The own entity always fits: room is kept for it, with the longest id.
    let own_bytes = own_update.len_bytes() + 5;
    let max_bytes = MAX_SNAPSHOT_BYTES - own_bytes;
    let total_bits = 8 * source.budget.bytes.min(MAX_SNAPSHOT_BYTES).saturating_sub(own_bytes);
    let mut budget = BitBudget::share(due, total_bits.saturating_sub(snapshot.len_bits()));
    order.clear();
    let fitting = due.iter().zip(0u64..).filter(|(update, _)| budget.take(update));
    order.extend(fitting.map(|(update, index)| u64::from(update.id.0) << 32 | index));
    order.sort_unstable();
    let mut waiting_own = own.entity.map(|(id, _)| (id, &*own_update)).filter(|(_, update)| update.len_bits() > 0);
    for entry in order.iter() {
        let update = due[*entry as u32 as usize];
        if let Some((own_id, own_update)) = waiting_own.take_if(|(own_id, _)| update.id > *own_id) {
            snapshot.entity(own_id, own_update.bytes(), own_update.len_bits(), MAX_SNAPSHOT_BYTES);
        }
        let bytes = cache.bytes(&update.encoded);
        if snapshot.entity(update.id, bytes, update.encoded.bits.into(), max_bytes) {
            view.pending.group(update.slot % GROUPS)[update.index as usize].mark_sent();
            view.record_update(update.slot, update.since, update.is_full, &mut sent);
        }
    }
    if let Some((own_id, own_update)) = waiting_own {
        snapshot.entity(own_id, own_update.bytes(), own_update.len_bits(), MAX_SNAPSHOT_BYTES);
    }
    snapshot.finish();
    view.finish_snapshot(sent);
}
