//! Reliable messages from server to client.

use super::content::{AbilityInfo, ClassInfo, ItemInfo, MobInfo, PlaceInfo, Rules, SoldItem, VendorItem};
use crate::ids::{ChannelId, CharacterId, EntityId, ItemId, MapId, Tick};
use crate::link::{LeaveReason, PartyMember};

crate::messages! {
    /// A message from a server to a client. A gain or a loss is sent once it is durable, not before.
    pub enum ServerMessage {
        /// The answer to `Hello`: the client's entity, character, map and channel.
        Welcome {
            /// The server's protocol hash.
            protocol_hash: u64,
            /// The client's own entity.
            entity: EntityId,
            /// The client's character.
            character: CharacterId,
            /// The map the client is on.
            map: MapId,
            /// The channel the client is in.
            channel: ChannelId,
            /// The tick in which the server sent this. Snapshots name the low bits of their ticks.
            tick: Tick,
            /// The server's ticks per second.
            tick_hz: u16,
            /// The radius of a player's body, in 1/1,024 tile: for prediction.
            body_radius: i32,
            /// The class's abilities by slot, as indices into `Content.abilities`.
            slots: Vec<u16>,
        },
        /// Names for the numbers on the wire, each an index into its list, and the rules of the world.
        Content {
            /// All classes, ascending by id.
            classes: Vec<ClassInfo>,
            /// All abilities.
            abilities: Vec<AbilityInfo>,
            /// All kinds of mobs.
            mobs: Vec<MobInfo>,
            /// All kinds of items.
            items: Vec<ItemInfo>,
            /// The rules that a client needs to know.
            rules: Rules,
        },
        /// A part of a message that is too long for one. The reassembled bytes are a `ServerMessage`.
        Part {
            /// Index of this part, from 0.
            index: u16,
            /// Number of parts of the message.
            count: u16,
            /// The content of this part, at most 900 bytes.
            bytes: Vec<u8>,
        },
        /// A request was refused. The world is unchanged.
        Refused {
            /// The name of the refused message; `Ability`, `Portal` or `Experience` for what is asked for without one; empty
            /// for a message that cannot be decoded, or that was over `Rules.messages`. What is over another limit is named.
            request: String,
            /// Which of the client's messages or commands it answers.
            answers: Answers,
            /// Why it was refused.
            reason: Refusal,
        },
        /// Everything the character owns. Sent on entering, and authoritative from then on.
        Inventory {
            /// The worn and carried items.
            items: Vec<ItemView>,
            /// The character's gold.
            gold: u64,
            /// Total experience.
            experience: u64,
            /// The character's level.
            level: u16,
            /// Number of bag slots, which are 0 to `bag_slots - 1`. Worn slots count from 100.
            bag_slots: u16,
        },
        /// The character received an item, or an item moved to another slot.
        ItemPlaced {
            /// The item and its slot.
            item: ItemView,
        },
        /// The character no longer owns an item.
        ItemGone {
            /// The item's id.
            item: ItemId,
        },
        /// The character's gold has changed.
        Gold {
            /// The gold it has now.
            total: u64,
        },
        /// The character gained experience.
        Experience {
            /// The experience gained.
            gained: u64,
            /// Total experience now.
            total: u64,
            /// The level now.
            level: u16,
        },
        /// The character reached a level. What the level raises is in the components.
        LevelUp {
            /// The level reached.
            level: u16,
        },
        /// Something the player did or suffered in combat.
        Combat {
            /// What happened.
            kind: CombatKind,
            /// The entity that caused it.
            source: EntityId,
            /// The entity that it happened to.
            target: EntityId,
            /// The ability, an index into `Content.abilities`; `None` if there was none.
            ability: Option<u16>,
            /// The damage or healing in health points; 0 for other kinds.
            amount: u32,
        },
        /// The player killed something.
        Kill {
            /// The killed entity.
            target: EntityId,
            /// The kind of mob, an index into `Content.mobs`; `None` for a player.
            mob: Option<u16>,
        },
        /// The player died.
        Died {
            /// The killer's entity; `None` if it is unknown or gone.
            by: Option<EntityId>,
        },
        /// The player lives again, at the safe zone.
        Respawned,
        /// What a vendor sells and buys.
        VendorStock {
            /// The vendor's entity.
            vendor: EntityId,
            /// Items for sale, with their prices.
            sells: Vec<VendorItem>,
            /// What it pays for items that the player carries.
            buys: Vec<VendorItem>,
            /// What the player has sold to it and can buy back, the newest first: at most eight items, since it entered
            /// this channel.
            sold: Vec<SoldItem>,
        },
        /// A player asks to trade.
        TradeRequested {
            /// The other player's entity.
            from: EntityId,
            /// The other player's name.
            name: String,
        },
        /// The current state of the trade.
        TradeState {
            /// The other player's entity.
            with: EntityId,
            /// Incremented with every change of an offer.
            revision: u32,
            /// The player's own offer.
            mine: OfferView,
            /// The other player's offer.
            theirs: OfferView,
        },
        /// The trade is over.
        TradeEnded {
            /// How it ended.
            end: TradeEnd,
        },
        /// A text from a player.
        Chat {
            /// Where it was said.
            scope: ChatScope,
            /// The speaker's name.
            from: String,
            /// The text.
            text: String,
        },
        /// The player's own whisper was delivered.
        WhisperSent {
            /// The receiver's name.
            to: String,
            /// The text.
            text: String,
        },
        /// A player invites this one to a party.
        PartyInvited {
            /// The party's id, for the answer.
            party: u64,
            /// The inviting player's name.
            from: String,
        },
        /// The party as it is now. Without members: the player is in no party.
        Party {
            /// The party's id.
            party: u64,
            /// Its members, the leader first.
            members: Vec<PartyMember>,
        },
        /// The channels of this map.
        Channels {
            /// One entry for each channel.
            channels: Vec<ChannelInfo>,
        },
        /// Continue on another server or channel: connect there with this ticket. This connection ends.
        Travel {
            /// Where to connect, and the ticket: the same JSON as `data` of the gateway's `enter_world_success`.
            grant: String,
        },
        /// The server ends the connection.
        Leave {
            /// Why it ends.
            reason: LeaveReason,
        },
        /// The map's ground, for prediction, and its places. Sent on entering, in parts.
        MapLayout {
            /// The map's id.
            map: MapId,
            /// Width in tiles, from west to east.
            width: u16,
            /// Height in tiles, from north to south.
            height: u16,
            /// The tiles row by row from the north-west, as run lengths: open, solid, open and so on. The first may be
            /// 0. Empty for a map whose runs do not fit into a message: its clients must already have it.
            runs: Vec<u32>,
            /// Portals, safe zones, vendors, and where mobs live.
            places: Vec<PlaceInfo>,
        },
        /// Whether the store is out of reach. While it is, play goes on, and gains and losses wait until it is back.
        /// Then they are committed or refused.
        Store {
            /// Whether the store is out of reach.
            away: bool,
            /// Number of changes to the character's possessions that wait for the store.
            pending: u16,
        },
        /// The player is leaving, but is in a fight: the body stays, and can be harmed, until the fight is over.
        LeavingIn {
            /// Milliseconds until then, if nothing more happens.
            ms: u32,
            /// Maximum milliseconds until then, whatever happens.
            at_most_ms: u32,
        },
        /// The players that this one ignores. Sent on entering, and after each change.
        Ignored {
            /// The names of the ignored players.
            names: Vec<String>,
        },
    }
}

crate::messages! {
    /// What of the client a message answers.
    #[derive(Eq, Copy)]
    pub enum Answers {
        /// Nothing that it sent: it walked into a portal, or its kill was not stored.
        Nothing,
        /// A reliable message.
        Message {
            /// Its id: how many the client had sent before it on this connection.
            id: u32,
        },
        /// The use of an ability in an input command.
        Command {
            /// The command's number.
            number: u32,
            /// The ability slot.
            slot: u8,
        },
    }
}

crate::messages! {
    /// Why a request was refused.
    #[derive(Eq, Copy)]
    pub enum Refusal {
        /// The client's protocol hash differs from the server's.
        ProtocolMismatch,
        /// The client must send `Hello` first.
        HelloFirst,
        /// The message was malformed.
        BadMessage,
        /// The client sent too many messages. Told once a second at most; the messages are dropped.
        RateLimited,
        /// What the request names does not exist.
        NotFound,
        /// The target, or the vendor, is too far away.
        OutOfRange,
        /// A wall blocks the line of sight.
        NoLineOfSight,
        /// The ability is on cooldown.
        OnCooldown,
        /// Too little of the class's resource.
        TooLittleResource,
        /// Another ability is being cast.
        Busy,
        /// The character is rooted or stunned.
        Hindered,
        /// The aim does not fit the ability.
        BadTarget,
        /// No ability in this slot, or its level is not reached.
        NoSuchAbility,
        /// Not possible while dead.
        Dead,
        /// Only possible while dead.
        NotDead,
        /// Not possible in combat.
        InCombat,
        /// It belongs to someone else, for now.
        NotYours,
        /// The bag is full.
        BagFull,
        /// Too little gold.
        TooLittleGold,
        /// The price differs from the one the client was shown.
        WrongPrice,
        /// It cannot be worn or used.
        NotUsable,
        /// The character's class or level does not allow it, the item is worn, or the vendor does not buy it.
        NotAllowed,
        /// The item is part of an unfinished change.
        ItemBusy,
        /// One of the two players is already trading.
        TradeBusy,
        /// There is no trade.
        NoTrade,
        /// The offers have changed since.
        StaleTrade,
        /// The text is empty, too long or has characters that are not allowed.
        BadText,
        /// The channel does not exist, or the player is already in it.
        NoSuchChannel,
        /// The target map or channel is unavailable now.
        TravelFailed,
        /// The player is not in the world.
        NotOnline,
        /// The party is full, or the player is in another.
        PartyRefused,
        /// The store refused the change. The world is as before.
        NotCommitted,
        /// Too many changes wait for the store.
        StoreBusy,
        /// The store is out of reach, and the request cannot wait for it.
        StoreAway,
        /// The same player was asked the same a moment ago, and has not answered.
        AlreadyAsked,
        /// The list of ignored players is full.
        TooManyIgnored,
        /// Nobody can harm others from inside a safe zone.
        InSafeZone,
        /// An administrator has muted the player.
        Muted,
    }
}

crate::wire_struct! {
    /// An item that a character owns.
    #[derive(Eq)]
    pub struct ItemView {
        /// The item's id.
        pub item: ItemId,
        /// The item definition's id in the game's data.
        pub definition: String,
        /// Bag slot from 0, or worn slot from 100.
        pub slot: u16,
    }
}

crate::wire_struct! {
    /// One side of a trade.
    #[derive(Eq)]
    pub struct OfferView {
        /// The offered items.
        pub items: Vec<ItemView>,
        /// The offered gold.
        pub gold: u64,
        /// Whether this side has confirmed the current revision.
        pub confirmed: bool,
    }
}

crate::messages! {
    /// How a trade ended.
    #[derive(Eq, Copy)]
    pub enum TradeEnd {
        /// Both players have what they agreed on.
        Done,
        /// One of the two players cancelled it.
        Cancelled,
        /// The request was declined.
        Declined,
        /// The players are too far apart, or one died or left.
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
        /// To this player alone.
        Whisper,
        /// In the party.
        Party,
        /// By an administrator, to every player. `from` is empty.
        Realm,
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
        /// A helpful status effect.
        Buff,
        /// A root: the target cannot walk.
        Root,
        /// Pushed away.
        Knockback,
    }
}

crate::wire_struct! {
    /// A channel of the map.
    #[derive(Eq)]
    pub struct ChannelInfo {
        /// The channel's number.
        pub channel: ChannelId,
        /// Number of players in it.
        pub players: u16,
        /// Number of players it could hold now: those in it, plus the free places on its map server.
        pub capacity: u16,
    }
}
