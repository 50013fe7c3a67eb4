//! The game data that a client receives when it enters, so that numbers on the wire have names.

use crate::ids::ItemId;

crate::messages! {
    /// What an ability is aimed at.
    #[derive(Eq, Copy)]
    pub enum AbilityShape {
        /// The caster; needs no aim.
        Own,
        /// A direction: hits everything in a cone.
        Cone,
        /// One enemy.
        Enemy,
        /// One ally, or the caster.
        Ally,
        /// A direction or an enemy: flies until it hits.
        Projectile,
        /// A point on the ground.
        Ground,
    }
}

crate::wire_struct! {
    /// An ability.
    pub struct AbilityInfo {
        /// Its id in the game's data.
        pub id: String,
        /// Its display name.
        pub name: String,
        /// What it must be aimed at.
        pub shape: AbilityShape,
        /// Its range in 1/1,024 tile.
        pub range: i32,
        /// How wide a cone is, half to each side of where it is aimed, in degrees; 360 is all around. 0 for other shapes.
        pub cone_degrees: u16,
        /// The radius of a circle on the ground, or of a projectile's body, in 1/1,024 tile. 0 for other shapes.
        pub radius: i32,
        /// How near to the end of a projectile's flight everybody is reached, in 1/1,024 tile; 0 for the one it meets alone,
        /// and for other shapes.
        pub burst_radius: i32,
        /// How far a projectile flies in a second, in 1/1,024 tile. 0 for other shapes.
        pub speed_per_s: i32,
        /// The level from which a character has it.
        pub min_level: u16,
        /// Its cost in points of the class's resource, paid when it takes effect.
        pub cost: u16,
        /// Milliseconds from its start until it takes effect; 0 for at once.
        pub cast_ms: u32,
        /// Whether walking leaves its cast alone instead of breaking it.
        pub cast_while_moving: bool,
        /// Milliseconds from its effect until it is ready again.
        pub cooldown_ms: u32,
        /// Whether it neither waits for the global cooldown nor starts it.
        pub off_global_cooldown: bool,
        /// Whether it heals or helps instead of harming.
        pub friendly: bool,
    }
}

crate::wire_struct! {
    /// A kind of mob.
    pub struct MobInfo {
        /// Its id in the game's data.
        pub id: String,
        /// Its display name.
        pub name: String,
        /// Whether it attacks players unprovoked.
        pub aggressive: bool,
        /// The radius of its body, in 1/1,024 tile.
        pub radius: i32,
    }
}

crate::wire_struct! {
    /// A kind of item.
    #[derive(Default)]
    pub struct ItemInfo {
        /// Its id in the game's data.
        pub id: String,
        /// Its display name.
        pub name: String,
        /// The worn slot that it fits; `None` if it cannot be worn.
        pub worn_slot: Option<u16>,
        /// The classes that may wear or use it, as indices into `Content.classes`; empty for all.
        pub classes: Vec<u16>,
        /// The level from which it may be worn or used.
        pub min_level: u16,
        /// What wearing it adds.
        pub bonuses: BonusInfo,
        /// What using it up does; `None` if it is no consumable.
        pub consumable: Option<ConsumableInfo>,
        /// Its value in gold. Vendors pay a share of it.
        pub value: u64,
    }
}

crate::wire_struct! {
    /// What a worn item adds to its wearer. A negative number takes away.
    #[derive(Eq, Copy, Default)]
    pub struct BonusInfo {
        /// Maximum health points.
        pub health: i32,
        /// Maximum points of the class's resource.
        pub resource: i32,
        /// Power, which damage and healing scale with.
        pub power: i32,
        /// Armour, which lessens damage.
        pub armour: i32,
        /// Walking speed, in thousandths of it.
        pub speed_per_mille: i32,
    }
}

crate::wire_struct! {
    /// What using up a consumable does.
    #[derive(Eq, Copy)]
    pub struct ConsumableInfo {
        /// The health points that it restores.
        pub heal: u16,
        /// The points of the class's resource that it restores.
        pub resource: u16,
        /// Milliseconds until another consumable can be used.
        pub cooldown_ms: u32,
    }
}

crate::wire_struct! {
    /// A class of characters.
    pub struct ClassInfo {
        /// Its id in the game's data.
        pub id: String,
        /// Its display name.
        pub name: String,
        /// The display name of its resource: rage, stamina, mana.
        pub resource_name: String,
        /// Its abilities by slot, as indices into `Content.abilities`.
        pub slots: Vec<u16>,
    }
}

crate::wire_struct! {
    /// Rules that a client needs to know what it may ask for.
    #[derive(Default)]
    pub struct Rules {
        /// How near a player must be to pick something up, in 1/1,024 tile.
        pub pick_up_range: i32,
        /// How near a player must be to a vendor, in 1/1,024 tile.
        pub vendor_range: i32,
        /// How near two players must be to trade, in 1/1,024 tile.
        pub trade_range: i32,
        /// Milliseconds after the start of an ability until another one can start, unless one of them is off the global
        /// cooldown.
        pub global_cooldown_ms: u32,
        /// Milliseconds for which loot is reserved for who earned it.
        pub loot_owner_ms: u32,
        /// Milliseconds after which loot vanishes.
        pub loot_lifetime_ms: u32,
        /// Total experience that each level needs, from level 1.
        pub level_experience: Vec<u64>,
        /// How often a player may send messages of all kinds.
        pub messages: RateLimit,
        /// How often a player may chat and whisper.
        pub chat: RateLimit,
        /// How often a player may send requests to trade and invitations to a party.
        pub invitations: RateLimit,
    }
}

crate::wire_struct! {
    /// A rate limit: a bucket of tokens.
    #[derive(Eq, Copy, Default)]
    pub struct RateLimit {
        /// The number of tokens in a full bucket.
        pub burst: u32,
        /// Milliseconds until one more token is added.
        pub every_ms: u32,
    }
}

crate::wire_struct! {
    /// An item and its price at a vendor.
    pub struct VendorItem {
        /// The item definition's id in the game's data.
        pub definition: String,
        /// The price in gold.
        pub price: u64,
    }
}

crate::wire_struct! {
    /// An item that a player has sold, and can buy back.
    pub struct SoldItem {
        /// The item's id.
        pub item: ItemId,
        /// The item definition's id in the game's data.
        pub definition: String,
        /// The price in gold: what the vendor paid.
        pub price: u64,
    }
}

crate::messages! {
    /// The kind of a place on the map.
    #[derive(Eq, Copy)]
    pub enum PlaceKind {
        /// A portal: a player that walks into it travels to another map.
        Portal,
        /// A safe zone, in which nobody can be harmed.
        SafeZone,
        /// Where a vendor stands.
        Vendor,
        /// An area where mobs live.
        Mobs,
    }
}

crate::wire_struct! {
    /// A place on the map.
    #[derive(Eq)]
    pub struct PlaceInfo {
        /// The kind of place.
        pub kind: PlaceKind,
        /// Its western edge in 1/1,024 tile.
        pub x: i32,
        /// Its northern edge in 1/1,024 tile.
        pub y: i32,
        /// Width from west to east in 1/1,024 tile; 0 for a point.
        pub width: i32,
        /// Height from north to south in 1/1,024 tile; 0 for a point.
        pub height: i32,
        /// The map that a portal leads to; 0 for other places.
        pub to_map: u16,
    }
}
