//! Use of consumables.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::{NetEntity, Shared};
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

/// Tick from which the next consumable may be used. Without this component one may be used now.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub(crate) struct NextUse(pub(crate) Tick);

/// Asks the store to remove the item. The cooldown starts at once, so that no second one is used before the first is
/// done.
pub(super) fn use_items(
    mut commands: Commands,
    mut requests: MessageReader<Request>,
    (data, clock): (Res<Data>, Res<TickClock>),
    users: Query<(&Character, Option<&NextUse>)>,
    mut uses: ResMut<Uses>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    let mut used: Vec<Entity> = Vec::new();
    for Request { player, message } in requests.read() {
        let ClientMessage::UseItem { item } = message else { continue };
        let Ok((character, next_use)) = users.get(*player) else { continue };
        let ready_before = next_use.map_or(Tick(0), |next| next.0);
        let answer = if clock.now() < ready_before || used.contains(player) {
            Err(Refusal::OnCooldown)
        } else {
            use_up(*player, *item, character, &data, &mut ledger)
        };
        match answer {
            Ok((key, effect)) => {
                let ready = clock.now().after(clock.ticks(effect.cooldown_ms));
                used.push(*player);
                commands.entity(*player).insert(NextUse(ready));
                uses.waiting.insert(key, Use { player: *player, effect, ready_before });
            }
            Err(refusal) => tell.refuse(*player, message.name(), refusal),
        }
    }
}

fn use_up(
    player: Entity,
    item: ItemId,
    user: &Character,
    data: &GameData,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(EventKey, UseEffect), Refusal> {
    let (character, held) = ledger.free_item(player, item)?;
    let definition = data.items.find(&held.definition).and_then(|item| data.items.get(item));
    let definition = definition.ok_or(Refusal::NotUsable)?;
    let effect = definition.use_effect.ok_or(Refusal::NotUsable)?;
    if !definition.allows(user.class, user.level) {
        return Err(Refusal::NotAllowed);
    }
    let mut deal = Deal::new("use").asked_by(player, "UseItem");
    deal.destroy(item, Owner::Character { character, slot: held.slot });
    Ok((ledger.submit(deal)?, effect))
}

type Patient<'a> = (&'a mut Shared<Health>, &'a mut Shared<Resource>, &'a NetEntity, Has<Dead>);

/// Applies the effect of items that were used up, unless the player has died meanwhile. A refused use resets the
/// cooldown.
pub(super) fn take_effect(
    mut commands: Commands,
    mut settled: MessageReader<Settled>,
    mut uses: ResMut<Uses>,
    mut patients: Query<Patient<'_>>,
    mut tell: Tell<'_, '_>,
) {
    for outcome in settled.read() {
        let Some(Use { player, effect, ready_before }) = uses.waiting.remove(&outcome.key) else { continue };
        let Ok((mut health, mut resource, net, dead)) = patients.get_mut(player) else { continue };
        if outcome.refusal.is_some() {
            commands.entity(player).insert(NextUse(ready_before));
            continue;
        }
        if dead {
            continue;
        }
        let healed = effect.heal.min(health.max.saturating_sub(health.current));
        if healed > 0 {
            health.0.current += healed;
            let (kind, amount) = (CombatKind::Heal, u32::from(healed));
            tell.send(player, &ServerMessage::Combat { kind, source: net.0, target: net.0, ability: None, amount });
        }
        let refilled = effect.resource.min(resource.max.saturating_sub(resource.current));
        if refilled > 0 {
            resource.0.current += refilled;
        }
    }
}
