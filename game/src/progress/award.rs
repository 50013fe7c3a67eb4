//! Who gets experience for a killed mob, and who of a party has a share.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{Departing, Player, Travelling};
use realmgate_engine::random::ChannelRandom;
use realmgate_protocol::ids::EventKey;
use realmgate_protocol::link::{Change, Fence, KILL, OwnedEvent, boss_kill};

use super::gain::{Gain, Gains, PendingExperience};
use super::split;
use crate::data::{Data, MobIndex};
use crate::death::{Died, VictimKind};
use crate::inventory::not_submitted;
use crate::party::Parties;
use crate::requests::Asked;
use crate::stats::Character;
use crate::tell::Tell;

type Earner<'a> = (&'a Player, &'a Character, &'a At, &'a mut PendingExperience);

/// Everything needed to award experience.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Bank<'w, 's> {
    data: Res<'w, Data>,
    random: ResMut<'w, ChannelRandom>,
    port: ResMut<'w, PersistPort>,
    gains: ResMut<'w, Gains>,
    earners: Query<'w, 's, Earner<'static>, (Without<Travelling>, Without<Departing>)>,
    tell: Tell<'w, 's>,
}

pub(super) fn award(
    mut died: PopulatedMessageReader<Died>,
    parties: Res<Parties>,
    mut bank: Bank<'_, '_>,
    mut group: Local<'_, Vec<Entity>>,
) {
    for death in died.read().filter(|death| death.victim_kind == VictimKind::Mob && !death.credit.is_empty()) {
        let Some(mob) = death.mob else { continue };
        let whole = bank.data.mobs[mob].experience_at(death.mob_level);
        let all_damage = death.credit.iter().fold(0u32, |sum, (_, damage)| sum.saturating_add(*damage));
        let mut kill_uncounted = true;
        for (index, (player, _)) in death.credit.iter().enumerate() {
            let together = |other: Entity| parties.members(*player).any(|member| member == other);
            if death.credit[..index].iter().any(|(earlier, _)| together(*earlier)) {
                continue; // Its party has had its part already.
            }
            let parts = death.credit.iter().filter(|(other, _)| together(*other));
            let damage = parts.fold(0u32, |sum, (_, damage)| sum.saturating_add(*damage));
            group.clear();
            group.extend(parties.members(*player).filter(|member| bank.has_share(death, *member)));
            let amount = split::each(whole, damage, all_damage, group.len(), &bank.data.world.progress);
            for member in &group {
                kill_uncounted &= !bank.submit(*member, mob, amount, kill_uncounted);
            }
        }
        if kill_uncounted {
            // Nobody gains experience by it, so there is no outcome to wait for.
            metrics::counter!("realmgate_kills_total").increment(1);
        }
    }
}

impl Bank<'_, '_> {
    /// Whether a party member gets a share: if it dealt damage or is near.
    fn has_share(&self, death: &Died, member: Entity) -> bool {
        let range = self.data.world.progress.party_share_tiles.units();
        let had_a_part = death.credit.iter().any(|(player, _)| *player == member);
        self.earners.get(member).is_ok_and(|(_, _, at, _)| had_a_part || at.0.within(death.position, range))
    }

    /// Submits a kill and what is gained by it to the store. Returns whether anything is gained.
    fn submit(&mut self, member: Entity, mob: MobIndex, amount: u64, counts_kill: bool) -> bool {
        let Ok((player, character, _, mut pending)) = self.earners.get_mut(member) else { return false };
        let rules = &self.data.world.progress;
        let reached = character.experience + pending.0;
        // At the highest level experience has no use. The kill counts for leaderboards all the same.
        let is_gain = amount > 0 && usize::from(rules.level_at(reached)) < rules.levels.len();
        let key = EventKey(self.random.uuid());
        let level = rules.level_at(reached + amount).max(character.level);
        let is_boss = !self.data.mobs[mob].phases.is_empty();
        let gain = Change::ExperienceGained { character: player.character, amount, level };
        let event = OwnedEvent {
            key,
            reason: if is_boss { boss_kill(self.data.mobs.id(mob)) } else { KILL.to_owned() },
            fences: vec![Fence { character: player.character, epoch: player.epoch }],
            changes: is_gain.then_some(gain).into_iter().collect(),
        };
        let submitted = self.port.submit(event);
        if !is_gain {
            return false;
        }
        if let Err(why) = submitted {
            self.tell.refuse(member, Asked::EXPERIENCE, not_submitted(why));
            return false;
        }
        pending.0 += amount;
        self.gains.expect(key, Gain { player: member, amount, counts_kill });
        true
    }
}
