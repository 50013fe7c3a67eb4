//! One entity as a client sees it.

use std::ops::Deref;

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{
    Appearance, Casting, ComponentValue, Cooldowns, EntityKind, GoldAmount, Health, Label, Look, MoveSpeed, Resource,
    Status,
};
use realmgate_protocol::wire::WireComponent;

/// The components of an entity that the client knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntityView {
    /// Its course for dead reckoning, and the tick of the snapshot that sent it.
    pub course: Option<(Tick, Course)>,
    /// Its kind, definition and level.
    pub appearance: Option<Appearance>,
    /// Its name.
    pub label: Option<Label>,
    /// The appearance that its player chose, if any.
    pub look: Option<Look>,
    /// Its health.
    pub health: Option<Health>,
    /// The ability it is casting.
    pub casting: Option<Casting>,
    /// Its status effects.
    pub status: Option<Status>,
    /// The class's resource; only on the player's own entity.
    pub resource: Option<Resource>,
    /// When abilities are ready; only on the player's own entity.
    pub cooldowns: Option<Cooldowns>,
    /// How fast it walks; only on the player's own entity.
    pub move_speed: Option<MoveSpeed>,
    /// How much gold it is; only gold on the ground.
    pub gold: Option<GoldAmount>,
}

/// An entity in view, as of the newest snapshot.
#[derive(Debug, Clone, Copy)]
pub struct VisibleEntity<'a> {
    view: &'a EntityView,
    /// The tick of the newest snapshot.
    now: Tick,
}

impl<'a> VisibleEntity<'a> {
    pub(super) fn new(view: &'a EntityView, now: Tick) -> Self {
        Self { view, now }
    }

    /// Its components.
    pub fn view(&self) -> &'a EntityView {
        self.view
    }

    /// Its position at the tick of the newest snapshot, by dead reckoning from its course. The player's own is exact.
    pub fn position(&self) -> Option<Position> {
        self.view.position_at(self.now)
    }
}

impl Deref for VisibleEntity<'_> {
    type Target = EntityView;
    fn deref(&self) -> &EntityView {
        self.view
    }
}

impl EntityView {
    /// Its position at a tick, by dead reckoning. The tick should be close to the newest snapshot.
    pub fn position_at(&self, tick: Tick) -> Option<Position> {
        self.course.map(|(told_at, course)| course.after(tick.since(told_at)))
    }

    /// The direction it looks in.
    pub fn facing(&self) -> Option<Angle> {
        self.course.map(|(_, course)| course.facing)
    }

    /// The kind of entity.
    pub fn kind(&self) -> Option<EntityKind> {
        self.appearance.as_ref().map(|appearance| appearance.kind)
    }

    /// Its name; empty if it has none.
    pub fn name(&self) -> &str {
        self.label.as_ref().map_or("", |label| &label.name)
    }

    /// Whether any of these status bits is set.
    pub fn has_status(&self, bits: u16) -> bool {
        self.status.as_ref().is_some_and(|status| status.flags & bits != 0)
    }

    /// Whether it has health and none is left.
    pub fn is_dead(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.current == 0)
    }

    /// Sets a component.
    pub(super) fn set(&mut self, value: ComponentValue) {
        match value {
            ComponentValue::Appearance(value) => self.appearance = Some(value),
            ComponentValue::Label(value) => self.label = Some(value),
            ComponentValue::Look(value) => self.look = Some(value),
            ComponentValue::Health(value) => self.health = Some(value),
            ComponentValue::Casting(value) => self.casting = Some(value),
            ComponentValue::Status(value) => self.status = Some(value),
            ComponentValue::Resource(value) => self.resource = Some(value),
            ComponentValue::Cooldowns(value) => self.cooldowns = Some(value),
            ComponentValue::MoveSpeed(value) => self.move_speed = Some(value),
            ComponentValue::GoldAmount(value) => self.gold = Some(value),
        }
    }

    pub(super) fn unset(&mut self, component: u8) {
        match component {
            Appearance::ID => self.appearance = None,
            Label::ID => self.label = None,
            Look::ID => self.look = None,
            Health::ID => self.health = None,
            Casting::ID => self.casting = None,
            Status::ID => self.status = None,
            Resource::ID => self.resource = None,
            Cooldowns::ID => self.cooldowns = None,
            MoveSpeed::ID => self.move_speed = None,
            GoldAmount::ID => self.gold = None,
            // This client does not know the component, so there is nothing to remove.
            _ => {}
        }
    }
}
