//! What one frame shows, as plain data: made by the network's thread, drawn by the main one.

use realmgate_client::display::{Display, Point};
use realmgate_client::session::Session;
use realmgate_client::world::EntityView;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, Going, UNITS_PER_TILE};
use realmgate_protocol::realm::{EntityKind, Refusal};

/// An entity in one frame. Places are in tiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its id.
    pub id: EntityId,
    /// Where it is shown.
    pub place: Point,
    /// The direction it looks in.
    pub facing: Angle,
    /// Whether it walks.
    pub walks: bool,
    /// What it is.
    pub kind: EntityKind,
    /// Which one of its kind: an index into the list of the content.
    pub definition: u16,
    /// Its level; 0 where it has none.
    pub level: u8,
    /// Its health, and at most; 0 where it has none.
    pub health: (u16, u16),
    /// Its resource, and at most; only the player's own.
    pub resource: (u16, u16),
    /// Its status bits.
    pub status: u16,
    /// The ability it casts, an index into the content.
    pub casting: Option<u16>,
    /// Its name.
    pub name: String,
    /// The appearance that its player chose, as JSON.
    pub look: String,
    /// How much gold it is.
    pub gold: u32,
}

/// An ability slot of the player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlotState {
    /// The ability, an index into the content.
    pub ability: u16,
    /// Seconds until it is ready.
    pub ready_in: f64,
    /// Why the server would refuse it now.
    pub refusal: Option<Refusal>,
}

/// The player's own character, beside what is [`Shown`] of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Own {
    /// Its entity.
    pub entity: EntityId,
    /// Where the newest snapshot has it, in tiles.
    pub told_place: Option<Point>,
    /// Where all commands will have led it, in tiles.
    pub predicted_place: Option<Point>,
    /// How often the server has corrected it.
    pub corrections: u64,
    /// By how many tiles, all corrections together.
    pub corrected_tiles: f64,
    /// Frames in which a correction moved it visibly.
    pub visible_corrections: u64,
    /// Its ability slots.
    pub slots: Vec<SlotState>,
    /// The ability it casts, and how much of the cast is over, 0 to 1.
    pub cast: Option<(u16, f64)>,
}

/// What one frame shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// Whether commands and requests reach a server now.
    pub is_connected: bool,
    /// All entities, ascending by id.
    pub entities: Vec<Shown>,
    /// The player's own.
    pub own: Own,
}

impl Picture {
    /// Draws a session; `walks` is whether the player presses a direction.
    pub fn of(session: &Session, display: &Display, is_connected: bool, walks: bool) -> Self {
        let Some(welcome) = session.welcome() else { return Self::default() };
        let shown = |(id, entity): (EntityId, realmgate_client::world::VisibleEntity<'_>)| {
            let place = display.place(session, id).or_else(|| entity.position().map(Point::from))?;
            Some(shown(id, entity.view(), tiles(place)))
        };
        let mut entities: Vec<_> = session.world.entities().filter_map(shown).collect();
        if let Some(own) = entities.iter_mut().find(|entity| entity.id == welcome.entity) {
            own.walks = walks && own.health.0 > 0;
        }
        Self { is_connected, entities, own: own(session, display, welcome.entity, welcome.tick_hz) }
    }
}

fn own(session: &Session, display: &Display, entity: EntityId, tick_hz: u16) -> Own {
    let now = session.own_tick();
    let seconds = |ticks: u32| f64::from(ticks) / f64::from(tick_hz.max(1));
    let slots = session.welcome().map_or(&[][..], |welcome| &welcome.slots);
    let state = |(slot, ability): (usize, &u16)| {
        let slot = u8::try_from(slot).unwrap_or(u8::MAX);
        let ready_in = seconds(session.ready_at(slot).0.saturating_sub(now.0));
        SlotState { ability: *ability, ready_in, refusal: session.may_use(slot).err() }
    };
    let cast = session.cast().map(|cast| {
        let (over, whole) = (now.0.saturating_sub(cast.from.0), cast.until.0.saturating_sub(cast.from.0).max(1));
        (cast.ability, (f64::from(over) / f64::from(whole)).clamp(0.0, 1.0))
    });
    Own {
        entity,
        told_place: session.own_entity().and_then(|own| own.position()).map(|place| tiles(place.into())),
        predicted_place: session.position().map(|place| tiles(place.into())),
        corrections: session.corrections(),
        corrected_tiles: session.corrected_units() as f64 / f64::from(UNITS_PER_TILE),
        visible_corrections: display.counters().visible_corrections,
        slots: slots.iter().enumerate().map(state).collect(),
        cast,
    }
}

fn shown(id: EntityId, entity: &EntityView, place: Point) -> Shown {
    let appearance = entity.appearance.as_ref();
    Shown {
        id,
        place,
        facing: entity.facing().unwrap_or_default(),
        walks: entity.course.is_some_and(|(_, course)| course.going != Going::Stands),
        kind: entity.kind().unwrap_or_default(),
        definition: appearance.map_or(0, |appearance| appearance.definition),
        level: appearance.map_or(0, |appearance| appearance.level),
        health: entity.health.as_ref().map_or((0, 0), |health| (health.current, health.max)),
        resource: entity.resource.as_ref().map_or((0, 0), |resource| (resource.current, resource.max)),
        status: entity.status.as_ref().map_or(0, |status| status.flags),
        casting: entity.casting.as_ref().map(|casting| casting.ability),
        name: entity.name().to_owned(),
        look: entity.look.as_ref().map_or_else(String::new, |look| look.json.clone()),
        gold: entity.gold.as_ref().map_or(0, |gold| gold.gold),
    }
}

fn tiles(place: Point) -> Point {
    let unit = f64::from(UNITS_PER_TILE);
    Point { x: place.x / unit, y: place.y / unit }
}
