//! Reliable messages from server to client.

use super::content::{AbilityInfo, ItemInfo, MobInfo, PlaceInfo, VendorItem};
use crate::ids::{ChannelId, CharacterId, EntityId, ItemId, MapId};
use crate::link::{LeaveReason, PartyMember, TravelGrant};

crate::messages! {
    /// What a server tells a client. Whatever grants or takes is told when it is durable, not before.
    pub enum ServerMessage {
        /// The answer to `Hello`: who and where the client is.
        Welcome {
            /// The server's protocol hash.
            protocol_hash: u64,
            /// The client's own entity.
            entity: EntityId,
            /// Its character.
            character: CharacterId,
            /// The map.
            map: MapId,
            /// The channel.
            channel: ChannelId,
            /// Ticks per second.
            tick_hz: u16,
            /// The radius of a player's body, in 1/1,024 tile: for prediction.
            body_radius: i32,
            /// The class's abilities by slot, as places in `Content.abilities`.
            slots: Vec<u16>,
        },
        /// Names for the numbers on the wire; each number is a place in its list.
        Content {
            /// Abilities.
            abilities: Vec<AbilityInfo>,
            /// Kinds of mobs.
            mobs: Vec<MobInfo>,
            /// Kinds of items.
            items: Vec<ItemInfo>,
        },
        /// A part of a message that is too long for one: put together, the bytes are a `ServerMessage`.
        Part {
            /// Counts from 0.
            index: u16,
            /// How many there are.
            count: u16,
            /// At most 900.
            bytes: Vec<u8>,
        },
        /// A request was refused; the world is unchanged.
        Refused {
            /// The name of the refused message, or `Ability`.
            request: String,
            /// Why.
            reason: Refusal,
        },
        /// All one owns: sent on entering, and the truth from then on.
        Inventory {
            /// Items, worn and carried.
            items: Vec<ItemView>,
            /// Gold.
            gold: u64,
            /// Experience in all.
            experience: u64,
            /// Level.
            level: u16,
            /// How many items the bag holds; bag slots are 0 to this, worn slots from 100.
            bag_slots: u16,
        },
        /// An item is one's own now, or has another slot.
        ItemPlaced {
            /// The item.
            item: ItemView,
        },
        /// An item is no longer one's own.
        ItemGone {
            /// Which.
            item: ItemId,
        },
        /// One's gold is now this much.
        Gold {
            /// In all.
            total: u64,
        },
        /// Experience was gained.
        Experience {
            /// How much.
            gained: u64,
            /// In all.
            total: u64,
            /// The level now.
            level: u16,
        },
        /// A level was reached; what it raises is in the components.
        LevelUp {
            /// Which.
            level: u16,
        },
        /// Something one did or suffered in combat.
        Combat {
            /// What.
            kind: CombatKind,
            /// By whom.
            source: EntityId,
            /// To whom.
            target: EntityId,
            /// With which ability, a place in `Content.abilities`; `None` for what has no ability.
            ability: Option<u16>,
            /// How much.
            amount: u32,
        },
        /// One has killed something.
        Kill {
            /// What.
            target: EntityId,
            /// Which kind, a place in `Content.mobs`; `None` for a player.
            mob: Option<u16>,
        },
        /// One has died.
        Died {
            /// By whom.
            by: Option<EntityId>,
        },
        /// One lives again, at the safe zone.
        Respawned,
        /// What a vendor sells and pays.
        VendorStock {
            /// The vendor.
            vendor: EntityId,
            /// For sale.
            sells: Vec<VendorItem>,
            /// What it pays for the items one carries.
            buys: Vec<VendorItem>,
        },
        /// A player asks to trade.
        TradeRequested {
            /// Who.
            from: EntityId,
            /// Its name.
            name: String,
        },
        /// The trade as it stands.
        TradeState {
            /// With whom.
            with: EntityId,
            /// Grows with every change of an offer.
            revision: u32,
            /// One's own offer.
            mine: OfferView,
            /// The other's.
            theirs: OfferView,
        },
        /// The trade is over.
        TradeEnded {
            /// How.
            end: TradeEnd,
        },
        /// Somebody spoke.
        Chat {
            /// Where.
            scope: ChatScope,
            /// Who.
            from: String,
            /// What.
            text: String,
        },
        /// One's own whisper was delivered.
        WhisperSent {
            /// To whom.
            to: String,
            /// What.
            text: String,
        },
        /// A player asks one into a party.
        PartyInvited {
            /// The party, for the answer.
            party: u64,
            /// Who asks.
            from: String,
        },
        /// The party as it is now; no members: in none.
        Party {
            /// The party.
            party: u64,
            /// Its members, the leader first.
            members: Vec<PartyMember>,
        },
        /// The channels of this map.
        Channels {
            /// Each.
            channels: Vec<ChannelInfo>,
        },
        /// Go on elsewhere: connect there with this ticket. This connection ends.
        Travel {
            /// Where to.
            grant: TravelGrant,
        },
        /// The server ends the connection.
        Leave {
            /// Why.
            reason: LeaveReason,
        },
        /// The ground one walks on, for prediction, and what is where on it. Sent on entering, in parts.
        MapLayout {
            /// The map.
            map: MapId,
            /// Tiles from west to east.
            width: u16,
            /// Tiles from north to south.
            height: u16,
            /// The tiles row by row from the north-west, as lengths of runs: open, solid, open and so on. The first may
            /// be 0. Empty for a map whose runs do not fit a message: its clients must have it.
            runs: Vec<u32>,
            /// Portals, safe zones, vendors, and where mobs live.
            places: Vec<PlaceInfo>,
        },
        /// Whether the store is out of reach. While it is, play goes on, and what one gains or gives waits until it is back:
        /// then it is done, or refused.
        Store {
            /// Whether it is out of reach.
            away: bool,
            /// How many changes of what one owns wait for it.
            pending: u16,
        },
    }
}

crate::messages! {
    /// Why a request was refused.
    #[derive(Eq, Copy)]
    pub enum Refusal {
        /// The client speaks another protocol.
        ProtocolMismatch,
        /// Before `Hello` nothing else is heard.
        HelloFirst,
        /// The message was malformed.
        BadMessage,
        /// Too many messages.
        RateLimited,
        /// Nothing such is there.
        NotFound,
        /// Too far away.
        OutOfRange,
        /// A wall is between.
        NoLineOfSight,
        /// The ability is not ready.
        OnCooldown,
        /// Too little of the class's resource.
        TooLittleResource,
        /// Another ability is being cast.
        Busy,
        /// Rooted or stunned.
        Hindered,
        /// The aim does not fit the ability.
        BadTarget,
        /// No ability in this slot, or its level is not reached.
        NoSuchAbility,
        /// Not while dead.
        Dead,
        /// Only while dead.
        NotDead,
        /// Not in combat.
        InCombat,
        /// It belongs to somebody else, for now.
        NotYours,
        /// The bag is full.
        BagFull,
        /// Too little gold.
        TooLittleGold,
        /// The price is another.
        WrongPrice,
        /// It can not be worn or used.
        NotUsable,
        /// The character's class or level does not allow it.
        NotAllowed,
        /// The item is part of something not finished.
        ItemBusy,
        /// One of the two is trading already.
        TradeBusy,
        /// There is no trade.
        NoTrade,
        /// The offers have changed since.
        StaleTrade,
        /// The text is empty, too long or has control characters.
        BadText,
        /// No such channel, or the one one is in.
        NoSuchChannel,
        /// The target map or channel can not be reached now.
        TravelFailed,
        /// The player is not in the world.
        NotOnline,
        /// The party is full, or the player is in another.
        PartyRefused,
        /// The store refused it; the world is as before.
        NotCommitted,
        /// Too much is waiting for the store.
        StoreBusy,
        /// The store is out of reach, and what was asked for can not wait for it.
        StoreAway,
    }
}

crate::wire_struct! {
    /// An item one owns.
    #[derive(Eq)]
    pub struct ItemView {
        /// Its identity.
        pub item: ItemId,
        /// What it is, an id of the game's data.
        pub definition: String,
        /// Bag slot from 0, or worn slot from 100.
        pub slot: u16,
    }
}

crate::wire_struct! {
    /// One side of a trade.
    #[derive(Eq)]
    pub struct OfferView {
        /// Items: identity and kind.
        pub items: Vec<ItemView>,
        /// Gold.
        pub gold: u64,
        /// Whether this side has confirmed the current revision.
        pub confirmed: bool,
    }
}

crate::messages! {
    /// How a trade ended.
    #[derive(Eq, Copy)]
    pub enum TradeEnd {
        /// Both have what they agreed on.
        Done,
        /// One of the two ended it.
        Cancelled,
        /// The request was turned down.
        Declined,
        /// They are too far apart, or one died or left.
        Apart,
        /// The store refused; nothing was exchanged.
        Failed,
    }
}

crate::messages! {
    /// Where something was said.
    #[derive(Eq, Copy)]
    pub enum ChatScope {
        /// In the channel.
        Channel,
        /// To oneself alone.
        Whisper,
        /// In the party.
        Party,
    }
}

crate::messages! {
    /// What happened in combat.
    #[derive(Eq, Copy)]
    pub enum CombatKind {
        /// Damage.
        Damage,
        /// Damage over time.
        Tick,
        /// Healing.
        Heal,
        /// A status that helps.
        Buff,
        /// Rooted to the spot.
        Root,
        /// Pushed away.
        Knockback,
    }
}

crate::wire_struct! {
    /// A channel of the map.
    #[derive(Eq)]
    pub struct ChannelInfo {
        /// Its number.
        pub channel: ChannelId,
        /// Players in it.
        pub players: u16,
        /// Players it holds.
        pub capacity: u16,
    }
}
