//! What a client is told of the game's data when it enters, so that numbers on the wire have names.

crate::messages! {
    /// What an ability needs to be aimed at.
    #[derive(Eq, Copy)]
    pub enum AbilityShape {
        /// Acts on the caster.
        Own,
        /// A direction: everything in a cone.
        Cone,
        /// One enemy.
        Enemy,
        /// One ally, oneself included.
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
        /// Its id in the data.
        pub id: String,
        /// Its name for people.
        pub name: String,
        /// What it is aimed at.
        pub shape: AbilityShape,
        /// How far it reaches, in 1/1,024 tile.
        pub range: i32,
        /// What it costs of the class's resource.
        pub cost: u16,
        /// Whether it heals or helps rather than harms.
        pub friendly: bool,
    }
}

crate::wire_struct! {
    /// A kind of mob.
    pub struct MobInfo {
        /// Its id in the data.
        pub id: String,
        /// Its name for people.
        pub name: String,
        /// Whether it attacks players unprovoked.
        pub aggressive: bool,
    }
}

crate::wire_struct! {
    /// A kind of item.
    pub struct ItemInfo {
        /// Its id in the data.
        pub id: String,
        /// Its name for people.
        pub name: String,
        /// The worn slot it fits, if any.
        pub worn_slot: Option<u16>,
        /// Whether it can be used up.
        pub usable: bool,
    }
}

crate::wire_struct! {
    /// Something a vendor sells.
    pub struct VendorItem {
        /// What, an id of the game's data.
        pub definition: String,
        /// For how much gold.
        pub price: u64,
    }
}

crate::messages! {
    /// What a place on the map is.
    #[derive(Eq, Copy)]
    pub enum PlaceKind {
        /// A way to another map: who walks into it travels.
        Portal,
        /// Nobody is harmed in it.
        SafeZone,
        /// A vendor stands there.
        Vendor,
        /// Mobs live there.
        Mobs,
    }
}

crate::wire_struct! {
    /// A place on the map.
    #[derive(Eq)]
    pub struct PlaceInfo {
        /// What it is.
        pub kind: PlaceKind,
        /// Its western edge in 1/1,024 tile.
        pub x: i32,
        /// Its northern edge.
        pub y: i32,
        /// From west to east; 0 for a point.
        pub width: i32,
        /// From north to south.
        pub height: i32,
        /// The map a portal leads to, else 0.
        pub to_map: u16,
    }
}
