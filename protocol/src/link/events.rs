//! Changes of what players own. The sidecar knows no game rules: it only checks that the giver has what is given.

use crate::ids::{CharacterId, EventKey, ItemId, LockEpoch};
use crate::limits::MAX_CONTENT_ID_BYTES;

/// The reason of an event that says that each character it has a fence for has had a part in a kill. It changes nothing where
/// nobody gains by it.
pub const KILL: &str = "kill";

/// The reason of an event about the kill of a boss, by the mob's id in the game's data; [`KILL`] alone where that is too long.
pub fn boss_kill(mob: &str) -> String {
    let reason = format!("{KILL}:{mob}");
    if reason.len() > MAX_CONTENT_ID_BYTES { KILL.to_owned() } else { reason }
}

/// Of the reason of an event about a kill: the boss's id, if it was one. `None` for other reasons.
pub fn killed(reason: &str) -> Option<Option<&str>> {
    match reason.strip_prefix(KILL)? {
        "" => Some(None),
        rest => rest.strip_prefix(':').map(Some),
    }
}

crate::wire_struct! {
    /// A transaction on what players own: committed completely or not at all.
    pub struct OwnedEvent {
        /// Idempotency key, which makes repeating harmless: an event whose key is known is answered as done.
        pub key: EventKey,
        /// The cause, for the record: `loot`, `pick_up`, `trade`.
        pub reason: String,
        /// The fencing tokens it is done under. If any is stale, the event is refused.
        pub fences: Vec<Fence>,
        /// The changes, in order.
        pub changes: Vec<Change>,
    }
}

crate::wire_struct! {
    /// A character and its fencing token: the epoch that its lock must still have.
    #[derive(Eq, Copy)]
    pub struct Fence {
        /// The character's id.
        pub character: CharacterId,
        /// The expected epoch of its lock.
        pub epoch: LockEpoch,
    }
}

crate::messages! {
    /// The owner of an item.
    #[derive(Eq)]
    pub enum Owner {
        /// A character, in a slot of the game's numbering.
        Character {
            /// The character's id.
            character: CharacterId,
            /// The slot. Two items of one character cannot share one.
            slot: u16,
        },
        /// The ground of the map server that sends the event.
        Ground,
        /// A vendor.
        Vendor {
            /// The vendor's id in the game's data.
            vendor: String,
        },
    }
}

crate::messages! {
    /// An account that holds gold. Every movement of gold takes from one account what it adds to another.
    #[derive(Eq)]
    pub enum GoldAccount {
        /// A character's purse; never below zero.
        Character {
            /// The character's id.
            character: CharacterId,
        },
        /// The ground of the map server that sends the event; never below zero.
        Ground,
        /// A vendor's account; may be below zero, since its stock is endless.
        Vendor {
            /// The vendor's id in the game's data.
            vendor: String,
        },
        /// The source of all gold. Its balance is the negative of all gold in the world.
        World,
    }
}

crate::messages! {
    /// One change within an event.
    #[derive(Eq)]
    pub enum Change {
        /// A new item is created.
        ItemCreated {
            /// The item's id, which it keeps for life.
            item: ItemId,
            /// The item definition's id in the game's data.
            definition: String,
            /// The new owner.
            to: Owner,
        },
        /// An item changes its owner or its slot.
        ItemMoved {
            /// The item's id.
            item: ItemId,
            /// The owner that it must have now.
            from: Owner,
            /// The new owner.
            to: Owner,
        },
        /// An item is destroyed.
        ItemDestroyed {
            /// The item's id.
            item: ItemId,
            /// The owner that it must have now.
            from: Owner,
        },
        /// Gold moves between accounts.
        GoldMoved {
            /// The account that gives.
            from: GoldAccount,
            /// The account that receives.
            to: GoldAccount,
            /// The amount, more than 0.
            amount: u64,
        },
        /// A character gains experience.
        ExperienceGained {
            /// The character's id.
            character: CharacterId,
            /// The experience gained.
            amount: u64,
            /// The character's level after it.
            level: u16,
        },
    }
}

crate::wire_struct! {
    /// The outcome of an event.
    #[derive(Eq)]
    pub struct EventOutcome {
        /// The event's key.
        pub key: EventKey,
        /// Why it was refused; `None` when it is durable, from now or from an earlier commit.
        pub refusal: Option<EventRefusal>,
    }
}

crate::messages! {
    /// Why an event was refused.
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
        /// The event makes no sense: an unknown character, an amount of 0, an item that already exists.
        Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_kill_names_a_boss() {
        assert_eq!((killed(KILL), killed("killer"), killed("loot")), (Some(None), None, None));
        assert_eq!(killed(&boss_kill("barrow_king")), Some(Some("barrow_king")));
        let longest = "x".repeat(MAX_CONTENT_ID_BYTES - "kill:".len());
        assert_eq!(killed(&boss_kill(&longest)), Some(Some(&*longest)));
        assert_eq!(boss_kill(&format!("{longest}x")), KILL, "one that is too long is a kill all the same");
    }
}
