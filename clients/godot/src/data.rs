//! What the server lists, as resources: characters, classes, items, abilities, party members.

use godot::prelude::*;
use realmgate_client::api::{Character, CharacterClass};
use realmgate_client::session::Content;
use realmgate_protocol::link::PartyMember;
use realmgate_protocol::realm::{AbilityInfo, AbilityShape, ItemView};

/// A class that a character can have.
#[derive(GodotClass)]
#[class(init, base=Resource)]
pub struct RealmCharacterClass {
    /// Its id, for [method RealmClient.create_character].
    #[var(no_set)]
    id: GString,
    /// Its name, for players.
    #[var(no_set)]
    display_name: GString,
    /// What it is like; may be empty.
    #[var(no_set)]
    description: GString,
}

impl RealmCharacterClass {
    /// A class, as scripts see it.
    pub fn of(class: &CharacterClass) -> Gd<Self> {
        let text = |text: &str| GString::from(text);
        let (id, display_name) = (text(&class.id), text(&class.name));
        Gd::from_object(Self { id, display_name, description: text(&class.description) })
    }
}

/// A character of the account.
#[derive(GodotClass)]
#[class(init, base=Resource)]
pub struct RealmCharacter {
    /// Its id, for [method RealmClient.enter_world].
    #[var(no_set)]
    id: GString,
    /// Its name.
    #[var(no_set)]
    display_name: GString,
    /// Its level.
    #[var(no_set)]
    level: i64,
    /// The name of its class, for players.
    #[var(no_set)]
    character_class: GString,
}

impl RealmCharacter {
    /// A character, as scripts see it.
    pub fn of(character: &Character) -> Gd<Self> {
        Gd::from_object(Self {
            id: GString::from(character.id.as_str()),
            display_name: GString::from(character.name.as_str()),
            level: character.level.into(),
            character_class: GString::from(character.class_name.as_str()),
        })
    }
}

/// An item that somebody owns or offers.
#[derive(GodotClass)]
#[class(init, base=Resource)]
pub struct RealmItem {
    /// Its id, which it keeps for life.
    #[var(no_set)]
    id: GString,
    /// The id of its kind in the designers' data.
    #[var(no_set)]
    definition: StringName,
    /// The name of its kind, for players.
    #[var(no_set)]
    display_name: GString,
    /// Its slot: in the bag from 0, worn from 100.
    #[var(no_set)]
    slot: i64,
    /// The worn slot that it fits; -1 if it cannot be worn.
    #[var(no_set)]
    worn_slot: i64,
    /// Whether it is used up by [method RealmBag.use_item].
    #[var(no_set)]
    is_consumable: bool,
    /// Its value in gold.
    #[var(no_set)]
    value: i64,
}

impl RealmItem {
    /// Its slot.
    pub fn slot(&self) -> i64 {
        self.slot
    }

    /// An item, as scripts see it.
    pub fn of(item: &ItemView, content: Option<&Content>) -> Gd<Self> {
        let kind = content.and_then(|content| content.item(&item.definition));
        Gd::from_object(Self {
            id: GString::from(item.item.to_string().as_str()),
            definition: StringName::from(item.definition.as_str()),
            display_name: GString::from(kind.map_or(item.definition.as_str(), |kind| kind.name.as_str())),
            slot: item.slot.into(),
            worn_slot: kind.and_then(|kind| kind.worn_slot).map_or(-1, i64::from),
            is_consumable: kind.is_some_and(|kind| kind.consumable.is_some()),
            value: kind.map_or(0, |kind| i64::try_from(kind.value).unwrap_or(i64::MAX)),
        })
    }
}

/// An ability of the player's class.
#[derive(GodotClass)]
#[class(init, base=Resource)]
pub struct RealmAbility {
    /// Its id in the designers' data.
    #[var(no_set)]
    id: StringName,
    /// Its name, for players.
    #[var(no_set)]
    display_name: GString,
    /// What it is aimed at: [code]own[/code], [code]cone[/code], [code]enemy[/code], [code]ally[/code],
    /// [code]projectile[/code] or [code]ground[/code].
    #[var(no_set)]
    shape: StringName,
    /// How far it reaches, in tiles.
    #[var(no_set)]
    reach: f64,
    /// The level from which a character has it.
    #[var(no_set)]
    min_level: i64,
    /// What it costs of the class's resource.
    #[var(no_set)]
    cost: i64,
    /// Seconds from its start until it takes effect.
    #[var(no_set)]
    cast_time: f64,
    /// Seconds until it is ready again.
    #[var(no_set)]
    cooldown: f64,
}

impl RealmAbility {
    /// An ability, as scripts see it.
    pub fn of(ability: &AbilityInfo) -> Gd<Self> {
        let shape = match ability.shape {
            AbilityShape::Own => "own",
            AbilityShape::Cone => "cone",
            AbilityShape::Enemy => "enemy",
            AbilityShape::Ally => "ally",
            AbilityShape::Projectile => "projectile",
            AbilityShape::Ground => "ground",
        };
        Gd::from_object(Self {
            id: StringName::from(ability.id.as_str()),
            display_name: GString::from(ability.name.as_str()),
            shape: StringName::from(shape),
            reach: f64::from(ability.range) / 1_024.0,
            min_level: ability.min_level.into(),
            cost: ability.cost.into(),
            cast_time: f64::from(ability.cast_ms) / 1_000.0,
            cooldown: f64::from(ability.cooldown_ms) / 1_000.0,
        })
    }
}

/// A member of the player's party.
#[derive(GodotClass)]
#[class(init, base=Resource)]
pub struct RealmPartyMember {
    /// The character's id.
    #[var(no_set)]
    id: GString,
    /// The character's name.
    #[var(no_set)]
    display_name: GString,
    /// Whether it is in the world now.
    #[var(no_set)]
    is_online: bool,
}

impl RealmPartyMember {
    /// A member, as scripts see it.
    pub fn of(member: &PartyMember) -> Gd<Self> {
        Gd::from_object(Self {
            id: GString::from(member.character.to_string().as_str()),
            display_name: GString::from(member.name.as_str()),
            is_online: member.online,
        })
    }
}
