//! What a client is told of the game's data: names for the numbers on the wire, and the rules that it needs to know.

use realmgate_protocol::realm::{
    AbilityInfo, AbilityShape, BonusInfo, ClassInfo, ConsumableInfo, ItemInfo, MobInfo, RateLimit, Rules, ServerMessage,
};

use super::{Rate, chat_rate, invitation_rate, request_rate};
use crate::data::{Ability, Class, GameData, Item, Mob, Shape};

/// The message with all of it.
pub(super) fn content(data: &GameData) -> ServerMessage {
    ServerMessage::Content {
        classes: data.classes.iter().map(|(_, id, class)| class_info(id, class)).collect(),
        abilities: data.abilities.iter().map(|(_, id, ability)| ability_info(id, ability)).collect(),
        mobs: data.mobs.iter().map(|(_, id, mob)| mob_info(id, mob)).collect(),
        items: data.items.iter().map(|(_, id, item)| item_info(id, item)).collect(),
        rules: rules(data),
    }
}

fn class_info(id: &str, class: &Class) -> ClassInfo {
    ClassInfo {
        id: id.to_owned(),
        name: class.name.clone(),
        resource_name: class.resource.name.clone(),
        slots: class.abilities.iter().map(|ability| ability.index().0).collect(),
    }
}

fn ability_info(id: &str, ability: &Ability) -> AbilityInfo {
    let mut info = AbilityInfo {
        id: id.to_owned(),
        name: ability.name.clone(),
        shape: AbilityShape::Own,
        range: ability.range(),
        cone_degrees: 0,
        radius: 0,
        burst_radius: 0,
        speed_per_s: 0,
        min_level: ability.min_level,
        cost: ability.cost,
        cast_ms: ability.cast_ms,
        cast_while_moving: ability.cast_while_moving,
        cooldown_ms: ability.cooldown_ms,
        off_global_cooldown: ability.off_global_cooldown,
        friendly: ability.is_friendly(),
    };
    tell_shape(ability.shape, &mut info);
    info
}

/// Puts in the shape, and the sizes that such a shape has.
fn tell_shape(shape: Shape, info: &mut AbilityInfo) {
    info.shape = match shape {
        Shape::Own => AbilityShape::Own,
        Shape::Cone { width_degrees, .. } => {
            info.cone_degrees = width_degrees;
            AbilityShape::Cone
        }
        Shape::Enemy { .. } => AbilityShape::Enemy,
        Shape::Ally { .. } => AbilityShape::Ally,
        Shape::Projectile { speed_tiles_per_s, radius_tiles, burst_tiles, .. } => {
            info.speed_per_s = speed_tiles_per_s.units();
            info.radius = radius_tiles.units();
            info.burst_radius = burst_tiles.units();
            AbilityShape::Projectile
        }
        Shape::Ground { radius_tiles, .. } => {
            info.radius = radius_tiles.units();
            AbilityShape::Ground
        }
    };
}

fn mob_info(id: &str, mob: &Mob) -> MobInfo {
    MobInfo {
        id: id.to_owned(),
        name: mob.name.clone(),
        aggressive: mob.mind.aggressive,
        radius: mob.radius_tiles.units(),
    }
}

fn item_info(id: &str, item: &Item) -> ItemInfo {
    let bonuses = item.bonuses;
    ItemInfo {
        id: id.to_owned(),
        name: item.name.clone(),
        worn_slot: item.worn_slot.map(|slot| slot.number()),
        classes: item.classes.iter().map(|class| class.index().0).collect(),
        min_level: item.min_level,
        bonuses: BonusInfo {
            health: bonuses.health,
            resource: bonuses.resource,
            power: bonuses.power,
            armour: bonuses.armour,
            speed_per_mille: bonuses.speed_per_mille,
        },
        consumable: item.use_effect.map(|effect| ConsumableInfo {
            heal: effect.heal,
            resource: effect.resource,
            cooldown_ms: effect.cooldown_ms,
        }),
        value: item.value,
    }
}

fn rules(data: &GameData) -> Rules {
    let (goods, combat) = (&data.world.goods, &data.world.combat);
    let limit = |Rate { burst, every_ms }| RateLimit { burst, every_ms };
    Rules {
        pick_up_range: goods.pick_up_range_tiles.units(),
        vendor_range: goods.vendor_range_tiles.units(),
        trade_range: goods.trade_range_tiles.units(),
        global_cooldown_ms: combat.global_cooldown_ms,
        loot_owner_ms: goods.loot_owner_ms,
        loot_lifetime_ms: goods.loot_lifetime_ms,
        level_experience: data.world.progress.levels.clone(),
        messages: limit(request_rate(data)),
        chat: limit(chat_rate(data)),
        invitations: limit(invitation_rate(data)),
    }
}
