//! `RealmEntity`: what is known of one thing in the world, and which animation it is in: dead, casting, walking or idle.

use std::sync::Arc;

use godot::prelude::*;
use realmgate_client::session::Content;
use realmgate_protocol::realm::{EntityKind, status};

use crate::net::Shown;

/// One thing in the world that the player sees: what it is, how it fares and what it does. [RealmWorld] makes it, keeps it up to
/// date, and hands it to the scene that shows it.
#[derive(GodotClass)]
#[class(init, base=RefCounted)]
pub struct RealmEntity {
    /// Its id, as methods and signals name it.
    #[var(no_set)]
    pub id: i64,
    /// What it is: [code]player[/code], [code]mob[/code], [code]projectile[/code], [code]area[/code], [code]item[/code],
    /// [code]gold[/code] or [code]vendor[/code].
    #[var(no_set)]
    kind: StringName,
    /// Which one of its kind: the id of the class, mob, ability or item in the designers' data. Empty for gold and vendors.
    #[var(no_set)]
    definition: StringName,
    /// Its name, for players: its own, or that of its definition.
    #[var(no_set)]
    pub display_name: GString,
    /// Whether it is the player's own character.
    #[var(no_set)]
    is_own: bool,
    /// Its level; 0 where it has none.
    #[var(no_set)]
    level: i64,
    /// Its health; at 0 it is dead.
    #[var(no_set)]
    pub health: i64,
    /// Its health at most; 0 where it has none.
    #[var(no_set)]
    pub max_health: i64,
    /// The class's resource; only of the player's own character.
    #[var(no_set)]
    resource: i64,
    /// The resource at most.
    #[var(no_set)]
    max_resource: i64,
    /// The direction that it looks in, in radians: 0 is right, [constant @GDScript.PI] / 2 is down.
    #[var(no_set)]
    facing: f64,
    /// What it does: [code]idle[/code], [code]walk[/code], [code]cast[/code] or [code]dead[/code].
    #[var(no_set)]
    #[init(val = StringName::from("idle"))]
    pub animation: StringName,
    /// The index of the ability that it casts, for [method RealmClient.ability_info]; -1 for none.
    #[var(no_set)]
    #[init(val = -1)]
    casting: i64,
    /// The appearance that its player chose, as JSON; empty for none.
    #[var(no_set)]
    look: GString,
    /// How much gold it is; only gold on the ground.
    #[var(no_set)]
    gold: i64,
    /// Where it is shown, in tiles.
    #[var(no_set)]
    pub tile: Vector2,
    flags: u16,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmEntity {
    /// [member health] or [member max_health] has changed.
    #[signal]
    pub fn health_changed(health: i64, max_health: i64);
    /// [member animation] has changed, or which of four sides it looks to.
    #[signal]
    pub fn animation_changed(animation: StringName, side: StringName);
    /// Its status, level, name or resource has changed.
    #[signal]
    pub fn changed();

    /// Whether it is dead.
    #[func]
    fn is_dead(&self) -> bool {
        self.max_health > 0 && self.health == 0
    }

    /// Whether it has a status: [code]rooted[/code], [code]afflicted[/code], [code]buffed[/code], [code]in_combat[/code],
    /// [code]safe[/code], [code]enraged[/code], [code]returning[/code] or [code]connection_lost[/code].
    #[func]
    fn has_status(&self, status_name: StringName) -> bool {
        let name = status_name.to_string();
        status::FLAGS.iter().any(|flag| flag.name == name && self.flags & flag.value != 0)
    }

    /// The side that it looks to: [code]right[/code], [code]down[/code], [code]left[/code] or [code]up[/code].
    #[func]
    pub fn side(&self) -> StringName {
        let quarter = (self.facing / std::f64::consts::FRAC_PI_2).round().rem_euclid(4.0) as usize;
        StringName::from(["right", "down", "left", "up"][quarter % 4])
    }
}

impl RealmEntity {
    /// One that has come into view.
    pub fn of(shown: &Shown, is_own: bool, content: Option<&Arc<Content>>) -> Gd<Self> {
        let mut entity = Self::new_gd();
        let content = content.map(AsRef::as_ref);
        let (definition, name) = content.map_or(Default::default(), |content| named(shown, content));
        {
            let mut this = entity.bind_mut();
            (this.id, this.is_own) = (shown.id.0.into(), is_own);
            this.kind = StringName::from(kind(shown.kind));
            this.definition = StringName::from(definition.as_str());
            this.display_name = GString::from(if shown.name.is_empty() { &name } else { &shown.name }.as_str());
            (this.look, this.gold) = (GString::from(shown.look.as_str()), shown.gold.into());
        }
        Self::take(&entity, shown);
        entity
    }

    /// What this frame shows of it. Signals tell what is other than before.
    pub fn take(entity: &Gd<Self>, shown: &Shown) {
        let mut entity = entity.clone();
        let (health, animation, rest) = entity.bind_mut().update(shown);
        if health {
            let (now, most) = (i64::from(shown.health.0), i64::from(shown.health.1));
            entity.signals().health_changed().emit(now, most);
        }
        if animation {
            let (animation, side) = (entity.bind().animation.clone(), entity.bind().side());
            entity.signals().animation_changed().emit(&animation, &side);
        }
        if rest {
            entity.signals().changed().emit();
        }
    }

    /// Whether health, animation, and anything else has changed.
    fn update(&mut self, shown: &Shown) -> (bool, bool, bool) {
        self.tile = Vector2::new(shown.place.x as f32, shown.place.y as f32);
        let health = (i64::from(shown.health.0), i64::from(shown.health.1));
        let hurt = (self.health, self.max_health) != health;
        (self.health, self.max_health) = health;

        let (before, side) = (self.animation.clone(), self.side());
        self.facing = f64::from(shown.facing.0) / 256.0 * std::f64::consts::TAU;
        self.casting = shown.casting.map_or(-1, i64::from);
        let animation = if self.is_dead() {
            "dead"
        } else if shown.casting.is_some() {
            "cast"
        } else if shown.walks {
            "walk"
        } else {
            "idle"
        };
        if before != animation {
            self.animation = StringName::from(animation);
        }
        let moves = before != self.animation || side != self.side();

        let rest = (i64::from(shown.level), i64::from(shown.resource.0), i64::from(shown.resource.1), shown.status);
        let differs = (self.level, self.resource, self.max_resource, self.flags) != rest;
        (self.level, self.resource, self.max_resource, self.flags) = rest;
        (hurt, moves, differs)
    }
}

fn kind(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Player => "player",
        EntityKind::Mob => "mob",
        EntityKind::Projectile => "projectile",
        EntityKind::Area => "area",
        EntityKind::GroundItem => "item",
        EntityKind::GroundGold => "gold",
        EntityKind::Vendor => "vendor",
    }
}

/// The id and the name of its definition.
fn named(shown: &Shown, content: &Content) -> (String, String) {
    let at = usize::from(shown.definition);
    let found = match shown.kind {
        EntityKind::Player => content.classes.get(at).map(|class| (&class.id, &class.name)),
        EntityKind::Mob => content.mobs.get(at).map(|mob| (&mob.id, &mob.name)),
        EntityKind::Projectile | EntityKind::Area => {
            content.abilities.get(at).map(|ability| (&ability.id, &ability.name))
        }
        EntityKind::GroundItem => content.items.get(at).map(|item| (&item.id, &item.name)),
        EntityKind::GroundGold | EntityKind::Vendor => None,
    };
    found.map_or(Default::default(), |(id, name)| (id.clone(), name.clone()))
}
