//! What a schema cannot say: ids that must exist, and values that must fit each other.

use std::collections::BTreeMap;

use realmgate_engine::data::{Faults, SpannedDocument, one_of};
use realmgate_protocol::cron::Cron;

use super::reference::{ContentIndex, ItemIndex, Ref, VendorIndex};
use super::{Ability, Class, Effect, Item, ItemKind, Leaderboard, LootTable, Mob, Table, Vendor, World, WornSlot};

/// The ids of each kind of definition, with their numbers.
pub(super) type Ids = BTreeMap<&'static str, BTreeMap<String, usize>>;

/// Judges one file.
pub(super) struct Judge<'a> {
    pub(super) ids: &'a Ids,
    pub(super) document: &'a SpannedDocument,
    pub(super) faults: &'a mut Faults,
}

impl Judge<'_> {
    /// Turns an id into its number, or says that there is no such thing.
    fn resolve<I: ContentIndex>(&mut self, reference: &mut Ref<I>, at: &str) {
        let Some(ids) = self.ids.get(I::KIND) else { return };
        match ids.get(reference.id()) {
            Some(place) => reference.resolve(I::at(*place)),
            None => {
                let expected = one_of(reference.id(), ids.keys().map(String::as_str));
                self.fault(at, format!("there is no {} `{}`", I::KIND, reference.id()), expected);
            }
        }
    }

    fn resolve_all<I: ContentIndex>(&mut self, references: &mut [Ref<I>], at: &str) {
        for (place, reference) in references.iter_mut().enumerate() {
            self.resolve(reference, &format!("{at}/{place}"));
        }
    }

    fn fault(&mut self, at: &str, message: impl Into<String>, expected: impl Into<String>) {
        self.faults.push(self.document.fault(at, message, expected));
    }
}

/// Data that refers to other data, or has values that must fit each other.
pub(super) trait Judged {
    /// Resolves the references and reports what is wrong. `at` is the JSON pointer of `self`.
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>);
}

impl<I: ContentIndex, T: Judged> Judged for Table<I, T> {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        for (id, row) in self.iter_mut() {
            row.judge(&format!("{at}/{id}"), judge);
        }
    }
}

impl Judged for Class {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        judge.resolve_all(&mut self.abilities, &format!("{at}/abilities"));
        judge.resolve_all(&mut self.starts_with, &format!("{at}/starts_with"));
    }
}

impl Judged for Ability {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        let mut helps = None;
        for (place, effect) in self.effects.iter_mut().enumerate() {
            let here = format!("{at}/effects/{place}");
            if let Effect::Summon { mob, .. } = effect {
                judge.resolve(mob, &format!("{here}/mob"));
            }
            let Some(friendly) = effect.is_friendly() else { continue };
            if *helps.get_or_insert(friendly) != friendly {
                let message = "the ability has effects that help and effects that harm";
                judge.fault(&here, message, "only effects that help, or only effects that harm");
            }
            if let Effect::DamageOverTime { period_ms, lasts_ms, .. } = effect
                && lasts_ms < period_ms
            {
                let expected = format!("at least {period_ms}, the `period_ms`");
                judge.fault(&format!("{here}/lasts_ms"), "the effect ends before its first period", expected);
            }
        }
    }
}

impl Judged for Mob {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        judge.resolve_all(&mut self.abilities, &format!("{at}/abilities"));
        if let Some(loot) = &mut self.loot {
            judge.resolve(loot, &format!("{at}/loot"));
        }
        for (place, phase) in self.phases.iter_mut().enumerate() {
            judge.resolve_all(&mut phase.abilities, &format!("{at}/phases/{place}/abilities"));
        }
        let falls = |pair: &[super::Phase]| pair[0].below_health_per_mille > pair[1].below_health_per_mille;
        if let Some(place) = self.phases.windows(2).position(|pair| !falls(pair)) {
            let here = format!("{at}/phases/{}/below_health_per_mille", place + 1);
            let expected =
                format!("below {}, the value of the previous phase", self.phases[place].below_health_per_mille);
            judge.fault(&here, "each phase must begin at less health than the previous one", expected);
        }
        let mind = &self.mind;
        if mind.pause_min_ms > mind.pause_max_ms {
            let expected = format!("at least {}, the `pause_min_ms`", mind.pause_min_ms);
            judge.fault(&format!("{at}/mind/pause_max_ms"), "`pause_max_ms` is less than `pause_min_ms`", expected);
        }
        if mind.aggressive && mind.aggro_tiles.units() == 0 {
            let message = "an aggressive mob without an aggro radius";
            judge.fault(&format!("{at}/mind"), message, "`aggro_tiles` above 0, or `aggressive = false`");
        }
        if mind.aggressive && self.abilities.is_empty() {
            let message = "an aggressive mob without abilities";
            judge.fault(at, message, "`abilities` with at least one id");
        }
    }
}

impl Judged for Item {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        judge.resolve_all(&mut self.classes, &format!("{at}/classes"));
        let fits = match (self.kind, self.worn_slot) {
            (ItemKind::Weapon, slot) => slot == Some(WornSlot::Weapon),
            (ItemKind::Armour, slot) => matches!(slot, Some(WornSlot::Head | WornSlot::Chest | WornSlot::Feet)),
            (ItemKind::Trinket, slot) => slot == Some(WornSlot::Trinket),
            (ItemKind::Consumable | ItemKind::Junk, slot) => slot.is_none(),
        };
        if !fits {
            let expected = match self.kind {
                ItemKind::Weapon => "`weapon`",
                ItemKind::Armour => "one of `head`, `chest`, `feet`",
                ItemKind::Trinket => "`trinket`",
                ItemKind::Consumable | ItemKind::Junk => "no `worn_slot`",
            };
            judge.fault(&format!("{at}/worn_slot"), "the worn slot does not fit the kind of item", expected);
        }
        match (self.kind, &self.use_effect) {
            (ItemKind::Consumable, None) => judge.fault(at, "a consumable without an effect", "a table `use`"),
            (ItemKind::Consumable, Some(_)) | (_, None) => {}
            (_, Some(_)) => {
                judge.fault(
                    &format!("{at}/use"),
                    "only consumables can have `use`",
                    "`kind = \"consumable\"`, or no `use`",
                );
            }
        }
    }
}

impl Judged for LootTable {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            judge.resolve(&mut entry.item, &format!("{at}/entries/{place}/item"));
        }
        if self.gold_min > self.gold_max {
            let expected = format!("at least {}, the `gold_min`", self.gold_min);
            judge.fault(&format!("{at}/gold_max"), "`gold_max` is less than `gold_min`", expected);
        }
    }
}

impl Judged for Vendor {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        for (place, offer) in self.sells.iter_mut().enumerate() {
            judge.resolve(&mut offer.item, &format!("{at}/sells/{place}/item"));
        }
    }
}

impl Judged for Leaderboard {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        let Some(season) = &self.season else { return };
        if let Err(fault) = season.parse::<Cron>() {
            let expected = "minute, hour, day of month, month and day of week, such as `0 0 * * 1`";
            judge.fault(&format!("{at}/season"), format!("invalid schedule `{season}`: {fault}"), expected);
        }
    }
}

/// What one vendor sells must not be worth more to any of them: each round between the two would make gold.
pub(super) fn check_prices(
    vendors: &Table<VendorIndex, Vendor>,
    items: &Table<ItemIndex, Item>,
    document: &SpannedDocument,
    faults: &mut Faults,
) {
    let Some((_, dearest, buyer)) = vendors.current().max_by_key(|(_, _, vendor)| vendor.buys_per_mille) else {
        return;
    };
    for (_, id, vendor) in vendors.current() {
        for (place, offer) in vendor.sells.iter().enumerate() {
            let item = items.find(offer.item.id()).and_then(|item| items.get(item));
            let Some(paid) = item.map(|item| buyer.pays(item)).filter(|paid| *paid > offer.price) else { continue };
            let message = format!("players can sell it to `{dearest}` at a profit");
            let expected = format!("at least {paid}, the price that `{dearest}` pays");
            faults.push(document.fault(&format!("/{id}/sells/{place}/price"), message, expected));
        }
    }
}

impl Judged for World {
    fn judge(&mut self, at: &str, judge: &mut Judge<'_>) {
        let levels = &self.progress.levels;
        if levels.first() != Some(&0) {
            judge.fault(&format!("{at}/progress/levels/0"), "level 1 must need 0 experience", "0");
        }
        for (place, pair) in levels.windows(2).enumerate() {
            if pair[0] >= pair[1] {
                let here = format!("{at}/progress/levels/{}", place + 1);
                judge.fault(
                    &here,
                    "each level must need more experience than the previous one",
                    format!("above {}", pair[0]),
                );
            }
        }
    }
}
