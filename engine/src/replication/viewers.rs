//! Makes the snapshots of players. Those of many are shared among the [threads of the tick](TickThreads), each with a part of the
//! players in their order, so that what comes out does not depend on how many threads there are.

use bevy_ecs::prelude::*;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::wire::snapshot::OwnState;

use super::NetEntity;
use super::encode::Encoded;
use super::snapshot::{Client, Own, Scratch, SnapshotSource, write_view};
use super::view::ClientView;
use super::visible_set::Viewpoint;
use crate::body::{At, Heading};
use crate::input::InputBuffer;
use crate::outbox::{FrameBatch, Outbox};
use crate::player::{LeaveAsked, LinkDead, Player};
use crate::tick_threads::TickThreads;

/// A player who is sent a snapshot.
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

/// What a thread makes snapshots with. Kept between ticks, so that a steady tick allocates nothing for a player.
#[derive(Default)]
pub(super) struct Share {
    scratch: Scratch,
    frames: FrameBatch,
    unresponsive: Vec<Entity>,
}

impl Share {
    fn write(&mut self, viewer: &mut ViewerItem<'_, '_>, source: &SnapshotSource<'_, '_>) {
        let client = Client {
            session: viewer.player.session,
            viewpoint: Viewpoint { own_slot: viewer.encoded.slot, position: viewer.at.0 },
            own: Own {
                state: OwnState { position: viewer.at.0, facing: viewer.heading.map_or(Angle(0), |heading| heading.0) },
                entity: Some((viewer.id.0, viewer.encoded)),
            },
            last_command: viewer.input.last_applied(),
            buffered_commands: viewer.input.len() as u8,
        };
        write_view(&client, &mut viewer.view, source, &mut self.scratch, &mut self.frames);
        if viewer.view.is_unresponsive(source.now()) {
            self.unresponsive.push(viewer.entity);
        }
    }
}

/// The system that writes the snapshots of all players, on these threads.
pub(super) fn write_snapshots(threads: TickThreads) -> impl System<In = (), Out = ()> {
    let write = move |source: SnapshotSource<'_, '_>,
                      mut viewers: Query<'_, '_, Viewer, Without<LinkDead>>,
                      mut leave: MessageWriter<'_, LeaveAsked>,
                      mut outbox: ResMut<'_, Outbox>,
                      mut shares: Local<'_, Vec<Share>>| {
        let players = viewers.iter().len();
        let count = threads.parts(players);
        let kept = shares.len().max(count);
        shares.resize_with(kept, Share::default);
        let shares = &mut shares[..count];
        shares.iter_mut().for_each(|share| share.scratch.begin_tick(&source));
        // The first writes where all of it has to be in the end.
        std::mem::swap(&mut shares[0].frames, &mut outbox.frames);
        if let [only] = shares {
            // Not `for_each`, which goes through them in another order than the list below has.
            for mut viewer in &mut viewers {
                only.write(&mut viewer, &source);
            }
        } else {
            let mut all: Vec<_> = viewers.iter_mut().collect();
            let parts = all.chunks_mut(players.div_ceil(count)).zip(&mut *shares);
            let source = &source;
            threads.share(
                parts.map(|(viewers, share)| move || viewers.iter_mut().for_each(|viewer| share.write(viewer, source))),
            );
        }
        std::mem::swap(&mut shares[0].frames, &mut outbox.frames);
        for share in shares {
            outbox.frames.append(&mut share.frames);
            for player in share.unresponsive.drain(..) {
                leave.write(LeaveAsked { player, reason: LeaveReason::Abuse, by_link: false });
            }
        }
    };
    IntoSystem::into_system(write)
}
