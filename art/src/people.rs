//! People: the three classes and the vendors.

use crate::arms::Held;
use crate::palette::{BLUE, BONE, CLOTH, GOLD, GREEN, HAIR, HUNTER, IRON, PURPLE, RED, Ramp, SKIN, STEEL, WOOD};
use crate::pose::Style;

/// What is on a head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hat {
    /// Hair only.
    None,
    /// A helmet with a nose guard and a plume.
    Helmet,
    /// A hood.
    Hood,
    /// A circlet on long hair.
    Circlet,
    /// A bald head with a fringe.
    Bald,
    /// A scarf around the head.
    Scarf,
}

/// How a person looks.
#[derive(Clone, Copy)]
pub struct Look {
    /// Clothes of the body.
    pub torso: Ramp,
    /// Sleeves.
    pub sleeves: Ramp,
    /// Trousers.
    pub legs: Ramp,
    /// Boots and gloves.
    pub boots: Ramp,
    /// Hair.
    pub hair: Ramp,
    /// What is on the head, and its colour.
    pub hat: (Hat, Ramp),
    /// The cloak.
    pub cloak: Option<Ramp>,
    /// Whether the clothes reach to the ground, and the trim.
    pub robe: Option<Ramp>,
    /// An apron.
    pub apron: Option<Ramp>,
    /// A beard.
    pub beard: Option<Ramp>,
    /// Shoulder plates.
    pub plates: Option<Ramp>,
    /// What is in the hands.
    pub held: Held,
    /// How it is used.
    pub style: Style,
}

const PLAIN: Look = Look {
    torso: WOOD,
    sleeves: BONE,
    legs: IRON,
    boots: WOOD,
    hair: HAIR,
    hat: (Hat::None, HAIR),
    cloak: None,
    robe: None,
    apron: None,
    beard: None,
    plates: None,
    held: Held::Nothing,
    style: Style::Blade,
};

/// Every person with the place of the sheet.
pub const PEOPLE: &[(&str, Look)] = &[
    (
        "characters/warrior",
        Look {
            torso: RED,
            sleeves: STEEL,
            legs: IRON,
            boots: IRON,
            hat: (Hat::Helmet, STEEL),
            cloak: Some(RED),
            plates: Some(STEEL),
            held: Held::SwordAndShield,
            ..PLAIN
        },
    ),
    (
        "characters/ranger",
        Look {
            torso: HAIR,
            sleeves: HUNTER,
            legs: IRON,
            hat: (Hat::Hood, HUNTER),
            cloak: Some(HUNTER),
            held: Held::Bow,
            style: Style::Bow,
            ..PLAIN
        },
    ),
    (
        "characters/cleric",
        Look {
            torso: CLOTH,
            sleeves: CLOTH,
            legs: CLOTH,
            boots: GOLD,
            hair: GOLD,
            hat: (Hat::Circlet, GOLD),
            robe: Some(GOLD),
            held: Held::Staff,
            style: Style::Staff,
            ..PLAIN
        },
    ),
    ("characters/adventurer", Look { torso: BLUE, held: Held::Sword, ..PLAIN }),
    (
        "vendors/greenvale_smith",
        Look {
            torso: RED,
            sleeves: SKIN,
            hair: RED,
            hat: (Hat::Scarf, BONE),
            apron: Some(WOOD),
            held: Held::Hammer,
            ..PLAIN
        },
    ),
    (
        "vendors/greenvale_alchemist",
        Look {
            torso: PURPLE,
            sleeves: PURPLE,
            legs: PURPLE,
            hair: BONE,
            hat: (Hat::Bald, BONE),
            robe: Some(GOLD),
            beard: Some(BONE),
            held: Held::Flask,
            ..PLAIN
        },
    ),
    (
        "vendors/darkwood_trader",
        Look {
            torso: BLUE,
            sleeves: BLUE,
            legs: IRON,
            hair: IRON,
            hat: (Hat::Hood, BLUE),
            cloak: Some(PURPLE),
            held: Held::Pack,
            ..PLAIN
        },
    ),
    ("vendors/vendor", Look { torso: GREEN, apron: Some(BONE), held: Held::Pack, ..PLAIN }),
];
