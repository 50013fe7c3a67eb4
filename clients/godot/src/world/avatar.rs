//! `RealmAvatar`: the player's own character.

use godot::classes::{AnimatedSprite2D, Engine, Input, Label, Range};
use godot::prelude::*;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use realmgate_protocol::wire::{Action, Aim};

use super::RealmEntity;
use super::entity_nodes::EntityNodes;
use crate::client::{RealmClient, entity};

/// The player's own character: the root of the scene that [RealmWorld] spawns for it. It moves in the frame in which it is told to,
/// ahead of the server's answer, and is led back smoothly where the server has it elsewhere.
#[derive(GodotClass)]
#[class(init, base=Node2D)]
pub struct RealmAvatar {
    /// Whether it walks by the actions [code]ui_left[/code], [code]ui_right[/code], [code]ui_up[/code] and [code]ui_down[/code].
    /// Else [method walk] tells it.
    #[export]
    #[init(val = true)]
    reads_input: bool,
    /// As [member RealmPuppet.sprite].
    #[export]
    sprite: Option<Gd<AnimatedSprite2D>>,
    /// Shows the name.
    #[export]
    name_label: Option<Gd<Label>>,
    /// Shows the health.
    #[export]
    health_bar: Option<Gd<Range>>,
    /// What it shows. It is set before the scene enters the tree.
    #[var(no_set)]
    entity: Option<Gd<RealmEntity>>,
    client: Option<Gd<RealmClient>>,
    pixels_per_tile: f64,
    base: Base<Node2D>,
}

#[godot_api]
impl RealmAvatar {
    /// Walks in a direction from now on, at full speed; [constant Vector2.ZERO] stands.
    #[func]
    fn walk(&mut self, direction: Vector2) {
        if let Some(client) = &mut self.client {
            client.bind_mut().want(heading(direction));
        }
    }

    /// Uses the ability on a slot, without an aim or on itself. What the server refuses comes by [signal RealmClient.refused].
    #[func]
    fn use_ability(&mut self, slot: i64) {
        self.act(slot, Aim::None);
    }

    /// Uses the ability on a slot at an entity.
    #[func]
    fn use_ability_on(&mut self, slot: i64, entity_id: i64) {
        self.act(slot, Aim::Entity(entity(entity_id)));
    }

    /// Uses the ability on a slot in a direction.
    #[func]
    fn use_ability_towards(&mut self, slot: i64, direction: Vector2) {
        self.act(slot, Aim::Direction(heading(direction).unwrap_or_default()));
    }

    /// Uses the ability on a slot at a point of the ground, in pixels of the world.
    #[func]
    fn use_ability_at(&mut self, slot: i64, point: Vector2) {
        let units = |pixels: f32| (f64::from(pixels) / self.pixels_per_tile * f64::from(UNITS_PER_TILE)) as i32;
        self.act(slot, Aim::Point(Position { x: units(point.x), y: units(point.y) }));
    }

    /// Seconds until the ability on a slot is ready.
    #[func]
    fn ready_in(&self, slot: i64) -> f64 {
        let (Some(client), Ok(slot)) = (&self.client, usize::try_from(slot)) else { return 0.0 };
        client.bind().picture().own.slots.get(slot).map_or(0.0, |slot| slot.ready_in)
    }

    /// Why the server would refuse the ability on a slot now, a code such as [code]ON_COOLDOWN[/code]; empty if it would not.
    #[func]
    fn why_not(&self, slot: i64) -> StringName {
        let (Some(client), Ok(slot)) = (&self.client, usize::try_from(slot)) else { return StringName::default() };
        let refusal = client.bind().picture().own.slots.get(slot).and_then(|slot| slot.refusal);
        refusal.map_or_else(StringName::default, |refusal| {
            StringName::from(crate::net::capitals(&format!("{refusal:?}")).as_str())
        })
    }

    /// How much of the cast under way is over, 0 to 1; -1 for none.
    #[func]
    fn cast_progress(&self) -> f64 {
        let own = self.client.as_ref().and_then(|client| client.bind().picture().own.cast);
        own.map_or(-1.0, |(_, share)| share)
    }

    /// Where the server has it, in pixels of the world: as of its newest message, so behind [member Node2D.position] while it
    /// walks, and equal to it soon after it has stopped.
    #[func]
    fn server_position(&self) -> Vector2 {
        let told = self.client.as_ref().and_then(|client| client.bind().picture().own.told_place);
        told.map_or(Vector2::ZERO, |place| {
            Vector2::new((place.x * self.pixels_per_tile) as f32, (place.y * self.pixels_per_tile) as f32)
        })
    }

    /// How often the server has corrected where it is, since it entered this world.
    #[func]
    fn corrections(&self) -> i64 {
        let corrections = self.client.as_ref().map(|client| client.bind().picture().own.corrections);
        corrections.map_or(0, |corrections| i64::try_from(corrections).unwrap_or(i64::MAX))
    }

    /// By how many tiles, all [method corrections] together.
    #[func]
    fn corrected_tiles(&self) -> f64 {
        self.client.as_ref().map_or(0.0, |client| client.bind().picture().own.corrected_tiles)
    }

    /// In how many frames a correction has moved it by more than a tenth of a tile: what a player may notice.
    #[func]
    fn visible_corrections(&self) -> i64 {
        let visible = self.client.as_ref().map(|client| client.bind().picture().own.visible_corrections);
        visible.map_or(0, |visible| i64::try_from(visible).unwrap_or(i64::MAX))
    }

    fn act(&mut self, slot: i64, aim: Aim) {
        match (u8::try_from(slot), &mut self.client) {
            (Ok(slot), Some(client)) => client.bind_mut().act(Action::new(slot, aim)),
            (Err(_), _) => godot_error!("there is no slot {slot}"),
            (_, None) => {}
        }
    }

    fn nodes(&self) -> EntityNodes<'_> {
        let (name_label, health_bar) = (self.name_label.as_ref(), self.health_bar.as_ref());
        EntityNodes { sprite: self.sprite.as_ref(), name_label, health_bar }
    }

    /// Whom it shows from now on, and who is asked.
    pub fn show(&mut self, entity: &Gd<RealmEntity>, client: &Gd<RealmClient>, pixels_per_tile: f64) {
        (self.entity, self.client, self.pixels_per_tile) =
            (Some(entity.clone()), Some(client.clone()), pixels_per_tile);
        entity.signals().health_changed().connect_other(self, |this, _, _| this.health_changed());
        entity.signals().animation_changed().connect_other(self, |this, _, _| this.animation_changed());
    }

    fn health_changed(&mut self) {
        if let Some(entity) = &self.entity {
            self.nodes().show_health(entity);
        }
    }

    fn animation_changed(&mut self) {
        if let Some(entity) = &self.entity {
            self.nodes().show_animation(entity);
        }
    }
}

#[godot_api]
impl INode2D for RealmAvatar {
    fn ready(&mut self) {
        if let Some(entity) = &self.entity {
            self.nodes().show_all(entity);
        }
    }

    fn process(&mut self, _delta: f64) {
        if self.reads_input && !Engine::singleton().is_editor_hint() {
            let direction = Input::singleton().get_vector("ui_left", "ui_right", "ui_up", "ui_down");
            self.walk(direction);
        }
    }

    fn exit_tree(&mut self) {
        self.walk(Vector2::ZERO);
    }
}

/// The nearest direction that the server knows; `None` to stand.
fn heading(direction: Vector2) -> Option<Angle> {
    // As fine as positions are: enough for any direction.
    let units = |part: f32| (part * 4_096.0) as i32;
    let direction = direction.try_normalized()?;
    Some(Angle::between(Position::default(), Position { x: units(direction.x), y: units(direction.y) }))
}
