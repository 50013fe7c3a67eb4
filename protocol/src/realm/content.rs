//! The game data that a client receives when it enters, so that numbers on the wire have names.

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
        /// Its cost in points of the class's resource.
        pub cost: u16,
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
    }
}

crate::wire_struct! {
    /// A kind of item.
    pub struct ItemInfo {
        /// Its id in the game's data.
        pub id: String,
        /// Its display name.
        pub name: String,
        /// The worn slot that it fits; `None` if it cannot be worn.
        pub worn_slot: Option<u16>,
        /// Whether it is a consumable.
        pub usable: bool,
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
