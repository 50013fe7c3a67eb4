//! Makes each client's snapshot.

use bevy_ecs::prelude::*;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::limits::MAX_PAYLOAD_BYTES;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{COUNT_BITS, MAX_COUNT, write_entity_head};
use realmgate_protocol::{bits::BitField, movement::Position};

use super::encode::{Encoded, Encoders};
use super::interest::InterestGrid;
use super::view::{ClientView, Known, Sent};
use super::{InterestRange, NetEntity};
use crate::body::At;
use crate::clock::TickClock;
use crate::input::InputBuffer;
use crate::outbox::Outbox;
use crate::player::{LeaveRequested, LinkDead, Player};

/// Most despawns told in one snapshot, so that they leave room for entities; the rest follow in the next.
const MAX_DESPAWNS: usize = 64;

/// Kept between ticks, so that a steady tick allocates nothing but the payload itself.
#[derive(Default)]
pub(super) struct Scratch {
    /// Entities that have something to tell: how much it presses, which, and what.
    due: Vec<(u64, EntityId, Entity, u16)>,
}

type Viewer<'a> = (Entity, &'a Player, &'a NetEntity, &'a At, &'a InputBuffer, &'a mut ClientView);

/// What of the world a snapshot reads.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Seen<'w, 's> {
    clock: Res<'w, TickClock>,
    range: Res<'w, InterestRange>,
    grid: Res<'w, InterestGrid>,
    encoders: Res<'w, Encoders>,
    entities: Query<'w, 's, (&'static NetEntity, &'static Encoded)>,
}

pub(super) fn write_snapshots(
    seen: Seen<'_, '_>,
    mut viewers: Query<Viewer<'_>, Without<LinkDead>>,
    mut leave: MessageWriter<LeaveRequested>,
    mut outbox: ResMut<Outbox>,
    mut scratch: Local<Scratch>,
) {
    let now = seen.clock.now();
    for (own, player, own_id, at, input, mut view) in &mut viewers {
        update_view(&mut view, &seen, at.0, own, own_id.0, now);
        collect_due(&view, &seen, own, now, &mut scratch.due);
        let head =
            ServerFrameHead { tick: now, last_command: input.last_applied(), buffered_commands: input.len() as u8 };
        outbox.frames.write(player.session, |frames| {
            let snapshot = write_snapshot(&mut view, head, &seen, &scratch.due);
            frames.extend_from_slice(&snapshot);
        });
        if view.is_deaf() {
            leave.write(LeaveRequested { player: own, reason: LeaveReason::Abuse });
        }
    }
}

/// Takes in who came near, lets go who went far.
fn update_view(view: &mut ClientView, seen: &Seen<'_, '_>, centre: Position, own: Entity, own_id: EntityId, now: Tick) {
    view.known.values_mut().for_each(|known| known.near = false);
    let enter = i64::from(seen.range.enter) * i64::from(seen.range.enter);
    let own_entry = std::iter::once((own, own_id, true));
    let others = seen.grid.near(centre, seen.range.leave).filter_map(|(entity, at)| {
        let id = seen.entities.get(entity).ok()?.0.0;
        Some((entity, id, at.distance_squared(centre) <= enter))
    });
    for (entity, id, comes_in) in own_entry.chain(others) {
        match view.known.get_mut(&id) {
            Some(known) => known.near = true,
            None if comes_in => {
                view.leaving.remove(&id);
                let known = Known { entity, base: Tick(0), entered_at: now, sent_at: Tick(0), near: true };
                view.known.insert(id, known);
            }
            None => {}
        }
    }
    let leaving = &mut view.leaving;
    view.known.retain(|id, known| {
        if !known.near {
            leaving.insert(*id, now);
        }
        known.near
    });
}

/// Lists what the client lacks, the most pressing first: itself, then what is new, then what waited longest.
fn collect_due(
    view: &ClientView,
    seen: &Seen<'_, '_>,
    own: Entity,
    now: Tick,
    due: &mut Vec<(u64, EntityId, Entity, u16)>,
) {
    due.clear();
    let to_others = !seen.encoders.owner_only();
    for (id, known) in &view.known {
        let Ok((_, encoded)) = seen.entities.get(known.entity) else { continue };
        let allowed = if known.entity == own { u16::MAX } else { to_others };
        let mask = encoded.mask_since(known.base, allowed);
        if mask == 0 && known.base > Tick(0) {
            continue;
        }
        let waited = u64::from(now.since(known.sent_at));
        let pressing = if known.entity == own { u64::MAX } else { waited };
        due.push((pressing, *id, known.entity, mask));
    }
    due.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
}

fn write_snapshot(
    view: &mut ClientView,
    head: ServerFrameHead,
    seen: &Seen<'_, '_>,
    due: &[(u64, EntityId, Entity, u16)],
) -> Vec<u8> {
    let mut sent = view.start_snapshot(head.tick);
    let mut out = BitWriter::reuse(Vec::with_capacity(MAX_PAYLOAD_BYTES));
    head.write(&mut out);
    write_despawns(view, &mut sent, &mut out);
    write_entities(view, &mut sent, &mut out, seen, due);
    view.keep(sent);
    out.into_bytes()
}

fn write_despawns(view: &ClientView, sent: &mut Sent, out: &mut BitWriter) {
    let count = view.leaving.len().min(MAX_DESPAWNS);
    out.put(count as u64, COUNT_BITS);
    for id in view.leaving.keys().take(count) {
        id.write(out);
        sent.despawns.push(*id);
    }
}

fn write_entities(
    view: &mut ClientView,
    sent: &mut Sent,
    out: &mut BitWriter,
    seen: &Seen<'_, '_>,
    due: &[(u64, EntityId, Entity, u16)],
) {
    let count_at = out.len_bits();
    out.put(0, COUNT_BITS);
    for (_, id, entity, mask) in due {
        if sent.entities.len() == MAX_COUNT {
            break;
        }
        let (Some(known), Ok((_, encoded))) = (view.known.get_mut(id), seen.entities.get(*entity)) else { continue };
        let before = out.len_bits();
        write_entity_head(out, *id, known.base == Tick(0), *mask);
        encoded.write(*mask, out);
        if out.len_bytes() > MAX_PAYLOAD_BYTES {
            out.truncate(before);
            break;
        }
        known.sent_at = sent.tick;
        sent.entities.push(*id);
    }
    out.patch(count_at, sent.entities.len() as u64, COUNT_BITS);
}
