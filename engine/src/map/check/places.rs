//! Whether the places that objects mark can be used: room to stand, a way back from death, a way out of a portal.

use realmgate_protocol::movement::{CollisionGrid, Position, UNITS_PER_TILE};
use roxmltree::Node;

use super::objects::Object;
use super::xml::{Findings, tag_span};
use crate::data::one_of;
use crate::map::ObjectKind;

/// Half a tile: the room that every body that starts at a point has, whatever its size.
const ROOM: i32 = UNITS_PER_TILE / 2;

pub(super) fn check(map: Node<'_, '_>, grid: &CollisionGrid, objects: &[Object], findings: &mut Findings<'_>) {
    for object in objects {
        match object.class.kind {
            ObjectKind::Spawn | ObjectKind::Vendor => check_room(object, grid, findings),
            ObjectKind::Mobs | ObjectKind::Portal => check_area(object, grid, findings),
            ObjectKind::SafeZone => check_respawn(object, objects, findings),
        }
    }
    for spawn in of_kind(objects, ObjectKind::Spawn) {
        let inside = of_kind(objects, ObjectKind::Portal).find(|portal| portal.rect.contains(spawn.rect.min));
        if let Some(portal) = inside {
            let message = format!("the spawn point `{}` lies in the portal `{}`", spawn.name, portal.name);
            findings.push(spawn.span.clone(), message, "a place beside it: who arrives would travel on at once");
        }
    }
    check_presence(map, findings);
}

/// Checks that the map has a place to appear at and a place to be safe. Looks into the file itself, so that an object
/// with a fault of its own counts.
fn check_presence(map: Node<'_, '_>, findings: &mut Findings<'_>) {
    for kind in [ObjectKind::Spawn, ObjectKind::SafeZone] {
        let (name, noun) = (kind.class().name, kind.class().noun);
        let is_one = |node: &Node<'_, '_>| {
            node.has_tag_name("object") && [node.attribute("type"), node.attribute("class")].contains(&Some(name))
        };
        if !map.descendants().any(|node| is_one(&node)) {
            findings.push(tag_span(map), format!("the map has no {noun}"), format!("an object of class `{name}`"));
        }
    }
}

fn of_kind(objects: &[Object], kind: ObjectKind) -> impl Iterator<Item = &Object> {
    objects.iter().filter(move |object| object.class.kind == kind)
}

fn check_room(object: &Object, grid: &CollisionGrid, findings: &mut Findings<'_>) {
    let at: Position = object.rect.min;
    let (x, y) = at.tile();
    let fault = if grid.is_solid(x, y) {
        "lies in a wall"
    } else if !grid.is_free(at, ROOM) {
        "stands too near to a wall"
    } else {
        return;
    };
    let message = format!("the {} `{}` {fault}", object.class.noun, object.name);
    findings.push(object.span.clone(), message, "at least half a tile to everything solid");
}

fn check_area(object: &Object, grid: &CollisionGrid, findings: &mut Findings<'_>) {
    if !object.rect.whole_tiles().any(|(x, y)| !grid.is_solid(x, y)) {
        let message = format!("the {} `{}` has no room", object.class.noun, object.name);
        findings.push(object.span.clone(), message, "at least one whole tile that is not solid");
    }
}

fn check_respawn(zone: &Object, objects: &[Object], findings: &mut Findings<'_>) {
    let Some((name, span)) = zone.property("respawn") else { return };
    let spawn = of_kind(objects, ObjectKind::Spawn).find(|spawn| spawn.name == name);
    let safe = |at: Position| of_kind(objects, ObjectKind::SafeZone).any(|zone| zone.rect.contains(at));
    match spawn {
        None => {
            let names: Vec<_> = of_kind(objects, ObjectKind::Spawn).map(|spawn| spawn.name.as_str()).collect();
            findings.push(span, format!("there is no spawn point `{name}` on this map"), one_of(name, names));
        }
        Some(spawn) if !safe(spawn.rect.min) => {
            let message = format!("the spawn point `{name}` lies in no safe zone");
            findings.push(span, message, "a spawn point in one, or who returns from death may die at once");
        }
        Some(_) => {}
    }
}
