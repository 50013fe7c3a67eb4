//! What a scene shows of its entity, by the nodes that the inspector names: a sprite, a name, a bar of health.

use godot::classes::{AnimatedSprite2D, Label, Range};
use godot::prelude::*;

use super::RealmEntity;

/// The nodes that show an entity, each if there is one.
pub struct EntityNodes<'a> {
    /// Plays `walk_down`, or `walk` where it has no sides.
    pub sprite: Option<&'a Gd<AnimatedSprite2D>>,
    /// Shows the name.
    pub name_label: Option<&'a Gd<Label>>,
    /// Shows the health.
    pub health_bar: Option<&'a Gd<Range>>,
}

impl EntityNodes<'_> {
    /// Shows everything.
    pub fn show_all(&self, entity: &Gd<RealmEntity>) {
        if let Some(label) = self.name_label {
            label.clone().set_text(&entity.bind().display_name);
        }
        self.show_health(entity);
        self.show_animation(entity);
    }

    /// Shows the health.
    pub fn show_health(&self, entity: &Gd<RealmEntity>) {
        let Some(bar) = self.health_bar else { return };
        let (mut bar, entity) = (bar.clone(), entity.bind());
        bar.set_max(entity.max_health as f64);
        bar.set_value(entity.health as f64);
    }

    /// Plays the animation.
    pub fn show_animation(&self, entity: &Gd<RealmEntity>) {
        let Some(sprite) = self.sprite else { return };
        let (mut sprite, entity) = (sprite.clone(), entity.bind());
        let Some(frames) = sprite.get_sprite_frames() else { return };
        let animation = entity.animation.clone();
        let sided = StringName::from(format!("{animation}_{}", entity.side()).as_str());
        if let Some(name) = [sided, animation].into_iter().find(|name| frames.has_animation(name)) {
            sprite.play_ex().name(&name).done();
        }
    }
}
