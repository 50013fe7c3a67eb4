//! One entity as a client sees it.

use std::ops::Deref;

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{
    Appearance, Casting, ComponentValue, Cooldowns, EntityKind, Health, Label, MoveSpeed, Place, Resource, Status,
};
use realmgate_protocol::wire::WireComponent;

/// The components of an entity that the client knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntityView {
    /// Where it was, and how it goes on, at the tick of the snapshot that told it.
    pub course: Option<(Tick, Course)>,
    /// What it is.
    pub appearance: Option<Appearance>,
    /// Its name.
    pub label: Option<Label>,
    /// Its health.
    pub health: Option<Health>,
    /// What it casts.
    pub casting: Option<Casting>,
    /// What weighs on it.
    pub status: Option<Status>,
    /// The class's resource; one's own only.
    pub resource: Option<Resource>,
    /// When abilities are ready; one's own only.
    pub cooldowns: Option<Cooldowns>,
    /// How fast it walks; one's own only.
    pub move_speed: Option<MoveSpeed>,
}

/// An entity in view, as of the newest snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    view: &'a EntityView,
    /// The tick of that snapshot.
    now: Tick,
}

impl<'a> Seen<'a> {
    pub(super) fn new(view: &'a EntityView, now: Tick) -> Self {
        Self { view, now }
    }

    /// Where it is shown at the tick of the newest snapshot: its course, followed since it was told. One's own is exact.
    pub fn position(&self) -> Option<Position> {
        self.view.position_at(self.now)
    }
}

impl Deref for Seen<'_> {
    type Target = EntityView;
    fn deref(&self) -> &EntityView {
        self.view
    }
}

impl EntityView {
    /// Where it is shown at a tick, which should not lie far before or after the newest snapshot.
    pub fn position_at(&self, tick: Tick) -> Option<Position> {
        self.course.map(|(told_at, course)| course.after(tick.since(told_at)))
    }

    /// Where it looks.
    pub fn facing(&self) -> Option<Angle> {
        self.course.map(|(_, course)| course.facing)
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> Option<EntityKind> {
        self.appearance.as_ref().map(|appearance| appearance.kind)
    }

    /// Its name; empty where it has none.
    pub fn name(&self) -> &str {
        self.label.as_ref().map_or("", |label| &label.name)
    }

    /// Whether any of these bits of the status is set.
    pub fn has_status(&self, bits: u16) -> bool {
        self.status.as_ref().is_some_and(|status| status.flags & bits != 0)
    }

    /// Whether it has health and none is left.
    pub fn is_dead(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.current == 0)
    }

    /// Takes what a snapshot of tick `now` tells.
    pub(super) fn set(&mut self, value: ComponentValue, now: Tick) {
        match value {
            ComponentValue::Place(value) => self.course = Some((now, value.course)),
            ComponentValue::Appearance(value) => self.appearance = Some(value),
            ComponentValue::Label(value) => self.label = Some(value),
            ComponentValue::Health(value) => self.health = Some(value),
            ComponentValue::Casting(value) => self.casting = Some(value),
            ComponentValue::Status(value) => self.status = Some(value),
            ComponentValue::Resource(value) => self.resource = Some(value),
            ComponentValue::Cooldowns(value) => self.cooldowns = Some(value),
            ComponentValue::MoveSpeed(value) => self.move_speed = Some(value),
        }
    }

    pub(super) fn unset(&mut self, component: u8) {
        match component {
            Place::ID => self.course = None,
            Appearance::ID => self.appearance = None,
            Label::ID => self.label = None,
            Health::ID => self.health = None,
            Casting::ID => self.casting = None,
            Status::ID => self.status = None,
            Resource::ID => self.resource = None,
            Cooldowns::ID => self.cooldowns = None,
            MoveSpeed::ID => self.move_speed = None,
            // A component that this client does not know is not there to be removed.
            _ => {}
        }
    }
}
