//! Use of consumables.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::SystemParam;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_protocol::ids::{EventKey, ItemId, Tick};
use realmgate_protocol::link::Owner;
use realmgate_protocol::realm::{ClientMessage, CombatKind, Health, Refusal, Resource, ServerMessage};

use crate::data::{Data, GameData, UseEffect};
use crate::death::Dead;
use crate::inventory::{Deal, Ledger, Settled};
use crate::requests::Request;
use crate::stats::Character;
use crate::tell::Tell;

/// Uses that take effect once the store has removed the item.
#[derive(bevy_ecs::prelude::Resource, Debug, Default)]
pub(super) struct Uses {
    waiting: BTreeMap<EventKey, Use>,
}

#[derive(Debug, Clone, Copy)]
struct Use {
    player: Entity,
    effect: UseEffect,
    /// Tick from which the player could use a consumable before this use; restored if this use is refused.
    ready_before: Tick,
}

/// The cooldown of consumables: the tick from which the next one may be used. Without this component that is now.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub(crate) struct ConsumableCooldown(pub(crate) Tick);

/// What decides whether a player may use something up now.
#[derive(SystemParam)]
pub(super) struct Users<'w, 's> {
    clock: Res<'w, TickClock>,
    data: Res<'w, Data>,
    users: Query<'w, 's, (&'static Character, Option<&'static ConsumableCooldown>)>,
}

/// Asks the store to remove the item. The cooldown starts at once, so that no second one is used before the first is
/// done.
pub(super) fn use_items(
    mut requests: PopulatedMessageReader<Request>,
    mut commands: Commands,
    users: Users<'_, '_>,
    mut uses: ResMut<Uses>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    let mut used: Vec<Entity> = Vec::new();
    for request in requests.read() {
        let (player, ClientMessage::UseItem { item }) = (request.player, &request.message) else { continue };
        let Ok((character, cooldown)) = users.users.get(player) else { continue };
        let ready_before = cooldown.map_or(Tick(0), |cooldown| cooldown.0);
        let answer = if users.clock.now() < ready_before || used.contains(&player) {
            Err(Refusal::OnCooldown)
        } else {
            use_up(request, *item, character, &users.data, &mut ledger)
        };
        match answer {
            Ok((key, effect)) => {
                let ready = users.clock.now().after(users.clock.ticks(effect.cooldown_ms));
                used.push(player);
                commands.entity(player).insert(ConsumableCooldown(ready));
                uses.waiting.insert(key, Use { player, effect, ready_before });
            }
            Err(refusal) => tell.refuse(player, request, refusal),
        }
    }
}

fn use_up(
    request: &Request,
    item: ItemId,
    user: &Character,
    data: &GameData,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(EventKey, UseEffect), Refusal> {
    let (character, held) = ledger.free_item(request.player, item)?;
    let definition = data.items.find(&held.definition).and_then(|item| data.items.get(item));
    let definition = definition.ok_or(Refusal::NotUsable)?;
    let effect = definition.use_effect.ok_or(Refusal::NotUsable)?;
    if !definition.allows(user.class, user.level) {
        return Err(Refusal::NotAllowed);
    }
    let mut deal = Deal::new("use").asked_by(request);
    deal.destroy(item, Owner::Character { character, slot: held.slot });
    Ok((ledger.submit(deal)?, effect))
}

/// A player who has used something up.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Patient {
    id: &'static NetEntity,
    health: &'static mut Replicated<Health>,
    resource: &'static mut Replicated<Resource>,
    is_dead: Has<Dead>,
}

impl PatientItem<'_, '_> {
    /// Raises health, and returns by how much.
    fn heal(&mut self, most: u16) -> u16 {
        let healed = most.min(self.health.max.saturating_sub(self.health.current));
        if healed > 0 {
            self.health.current += healed;
        }
        healed
    }

    /// Raises the resource.
    fn refill(&mut self, most: u16) {
        let refilled = most.min(self.resource.max.saturating_sub(self.resource.current));
        if refilled > 0 {
            self.resource.current += refilled;
        }
    }
}

/// Applies the effect of items that were used up, unless the player has died meanwhile. A refused use resets the
/// cooldown.
pub(super) fn take_effect(
    mut settled: PopulatedMessageReader<Settled>,
    mut commands: Commands,
    mut uses: ResMut<Uses>,
    mut patients: Query<Patient>,
    mut tell: Tell<'_, '_>,
) {
    for outcome in settled.read() {
        let Some(Use { player, effect, ready_before }) = uses.waiting.remove(&outcome.key) else { continue };
        let Ok(mut patient) = patients.get_mut(player) else { continue };
        if outcome.refusal.is_some() {
            commands.entity(player).insert(ConsumableCooldown(ready_before));
            continue;
        }
        if patient.is_dead {
            continue;
        }
        let healed = patient.heal(effect.heal);
        if healed > 0 {
            let (kind, id, amount) = (CombatKind::Heal, patient.id.0, u32::from(healed));
            tell.send(player, &ServerMessage::Combat { kind, source: id, target: id, ability: None, amount });
        }
        patient.refill(effect.resource);
    }
}
