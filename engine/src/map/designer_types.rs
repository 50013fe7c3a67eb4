//! The object classes as Tiled reads them, so that its property panel offers what the server understands.

use serde_json::{Value, json};

use super::class::{ObjectClass, Property, PropertyKind};
use super::registry::MapObjects;

impl MapObjects {
    /// `propertytypes.json`: what *View > Custom Types Editor > Import* of Tiled reads.
    pub fn property_types_json(&self) -> String {
        pretty(&self.property_types())
    }

    /// `realmgate.tiled-project`: a project of Tiled with these classes in place.
    pub fn tiled_project_json(&self) -> String {
        pretty(&json!({
            "automappingRulesFile": "",
            "commands": [],
            "compatibilityVersion": 1100,
            "extensionsPath": "extensions",
            "folders": ["."],
            "properties": [],
            "propertyTypes": self.property_types(),
        }))
    }

    fn property_types(&self) -> Value {
        self.classes().enumerate().map(|(index, class)| class_json(index + 1, class)).collect()
    }
}

// Keys are in alphabetical order, so that the text is the same whether or not serde_json keeps their order.

/// Tiled itself ignores `description`; it is for people who read the file.
fn class_json(id: usize, class: &ObjectClass) -> Value {
    json!({
        "color": class.colour,
        "description": class.description,
        "drawFill": true,
        "id": id,
        "members": class.properties.iter().map(member_json).collect::<Value>(),
        "name": class.name,
        "type": "class",
        "useAs": ["object"],
    })
}

fn member_json(property: &Property) -> Value {
    let default = match property.kind {
        PropertyKind::Name { .. } => json!(""),
        // A member must have a value in Tiled. The check refuses 0 for a number that must be given.
        PropertyKind::Number { default, .. } => json!(default.unwrap_or(0)),
    };
    json!({
        "description": property.description,
        "name": property.name,
        "type": property.tiled_type(),
        "value": default,
    })
}

fn pretty(value: &Value) -> String {
    // The alternate form of a JSON value is the indented one.
    format!("{value:#}\n")
}
