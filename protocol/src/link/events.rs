//! Changes of what players own. The sidecar knows no game rule: it checks that who gives has what is given.

use crate::ids::{CharacterId, EventKey, ItemId, LockEpoch};

crate::wire_struct! {
    /// One change of what is owned, done wholly or not at all.
    pub struct OwnedEvent {
        /// Makes repeating harmless: an event whose key is known is answered as done.
        pub key: EventKey,
        /// What it was, for the record: `loot`, `pick_up`, `trade`.
        pub reason: String,
        /// The locks it is done under; if any is stale, the event is refused.
        pub fences: Vec<Fence>,
        /// What changes, in order.
        pub changes: Vec<Change>,
    }
}

crate::wire_struct! {
    /// A character and the epoch that its lock must still have.
    #[derive(Eq, Copy)]
    pub struct Fence {
        /// Who.
        pub character: CharacterId,
        /// Its epoch.
        pub epoch: LockEpoch,
    }
}

crate::messages! {
    /// Who has an item.
    #[derive(Eq)]
    pub enum Owner {
        /// A character, in a slot of the game's numbering.
        Character {
            /// Who.
            character: CharacterId,
            /// Where; two items of one character can not share a slot.
            slot: u16,
        },
        /// It lies on the ground of the map server that says so.
        Ground,
        /// A vendor.
        Vendor {
            /// The vendor's id in the game's data.
            vendor: String,
        },
    }
}

crate::messages! {
    /// Where gold is. Every movement of gold takes from one account what it adds to another.
    #[derive(Eq)]
    pub enum GoldAccount {
        /// A character's purse; never below zero.
        Character {
            /// Who.
            character: CharacterId,
        },
        /// On the ground of the map server that says so; never below zero.
        Ground,
        /// A vendor's till; may be below zero, since its stock is endless.
        Vendor {
            /// The vendor's id in the game's data.
            vendor: String,
        },
        /// The source of all gold, below zero by what is in the world.
        World,
    }
}

crate::messages! {
    /// One part of an event.
    #[derive(Eq)]
    pub enum Change {
        /// A new item comes into being.
        ItemCreated {
            /// Its identity for life.
            item: ItemId,
            /// What it is, an id of the game's data.
            definition: String,
            /// Who gets it.
            to: Owner,
        },
        /// An item changes hands, or its slot.
        ItemMoved {
            /// Which.
            item: ItemId,
            /// Who must have it now.
            from: Owner,
            /// Who gets it.
            to: Owner,
        },
        /// An item ceases to be.
        ItemDestroyed {
            /// Which.
            item: ItemId,
            /// Who must have it now.
            from: Owner,
        },
        /// Gold changes hands.
        GoldMoved {
            /// Who gives.
            from: GoldAccount,
            /// Who gets.
            to: GoldAccount,
            /// How much, more than 0.
            amount: u64,
        },
        /// Experience is gained.
        ExperienceGained {
            /// Who.
            character: CharacterId,
            /// How much.
            amount: u64,
            /// The level after it.
            level: u16,
        },
    }
}

crate::wire_struct! {
    /// What became of an event.
    #[derive(Eq)]
    pub struct EventOutcome {
        /// Which.
        pub key: EventKey,
        /// `None` when it is durable, now or from an earlier time.
        pub refusal: Option<EventRefusal>,
    }
}

crate::messages! {
    /// Why an event did not happen.
    #[derive(Eq, Copy)]
    pub enum EventRefusal {
        /// An epoch is stale.
        Fenced,
        /// An item is not where the event says.
        NotOwned,
        /// The slot is taken.
        SlotTaken,
        /// Too little gold.
        TooLittleGold,
        /// It can not be right: an unknown character, an amount of 0, an item that exists already.
        Invalid,
    }
}
