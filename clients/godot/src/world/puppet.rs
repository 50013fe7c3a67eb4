//! `RealmPuppet`: others, shown where they are now.

use godot::classes::{AnimatedSprite2D, Label, Range};
use godot::prelude::*;

use super::RealmEntity;
use super::entity_nodes::EntityNodes;

/// Somebody or something else in the world: the root of the scenes that [RealmWorld] spawns. It is moved smoothly, and what the
/// inspector names is kept up to date: a sprite, a name, a bar of health.
#[derive(GodotClass)]
#[class(init, base=Node2D)]
pub struct RealmPuppet {
    /// Plays [member RealmEntity.animation], with the side where there is such an animation: [code]walk_left[/code], else
    /// [code]walk[/code].
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
    base: Base<Node2D>,
}

#[godot_api]
impl RealmPuppet {
    fn nodes(&self) -> EntityNodes<'_> {
        let (name_label, health_bar) = (self.name_label.as_ref(), self.health_bar.as_ref());
        EntityNodes { sprite: self.sprite.as_ref(), name_label, health_bar }
    }

    /// Whom it shows from now on.
    pub fn show(&mut self, entity: &Gd<RealmEntity>) {
        self.entity = Some(entity.clone());
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
impl INode2D for RealmPuppet {
    fn ready(&mut self) {
        if let Some(entity) = &self.entity {
            self.nodes().show_all(entity);
        }
    }
}
