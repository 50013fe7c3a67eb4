//! Reliable messages from client to server. Walking and abilities are input commands, not messages.

use crate::ids::{ChannelId, EntityId, ItemId};

crate::messages! {
    /// What a client asks for.
    pub enum ClientMessage {
        /// The first message: which protocol the client speaks.
        Hello {
            /// Its protocol hash; another than the server's is answered with `PROTOCOL_MISMATCH` and the end.
            protocol_hash: u64,
        },
        /// Leaves the world: saves, then the server ends the connection.
        Logout,
        /// After death: back to life at the safe zone.
        Respawn,
        /// Picks up a ground item or gold in reach.
        PickUp {
            /// The ground item.
            entity: EntityId,
        },
        /// Drops a carried item to the ground.
        DropItem {
            /// Which.
            item: ItemId,
        },
        /// Wears a carried item; what was worn there goes to the bag.
        Equip {
            /// Which.
            item: ItemId,
        },
        /// Takes a worn item off.
        Unequip {
            /// Which.
            item: ItemId,
        },
        /// Uses up a consumable.
        UseItem {
            /// Which.
            item: ItemId,
        },
        /// Asks what a vendor in reach sells.
        VendorList {
            /// The vendor.
            vendor: EntityId,
        },
        /// Buys one item.
        VendorBuy {
            /// The vendor.
            vendor: EntityId,
            /// What, an id of the game's data.
            definition: String,
            /// The price the client was shown; another is refused.
            price: u64,
        },
        /// Sells one carried item.
        VendorSell {
            /// The vendor.
            vendor: EntityId,
            /// Which.
            item: ItemId,
        },
        /// Asks a player in reach to trade.
        TradeRequest {
            /// Who.
            with: EntityId,
        },
        /// Answers the last request.
        TradeAnswer {
            /// Whether to trade.
            accept: bool,
        },
        /// Sets what one gives. Takes back both confirmations.
        TradeOffer {
            /// Which items.
            items: Vec<ItemId>,
            /// How much gold.
            gold: u64,
        },
        /// Agrees to both offers as last shown.
        TradeConfirm {
            /// The revision that was shown; another is refused.
            revision: u32,
        },
        /// Ends the trade without exchange.
        TradeCancel,
        /// Speaks to all in the channel.
        Chat {
            /// What; at most 240 bytes.
            text: String,
        },
        /// Speaks to one player anywhere.
        Whisper {
            /// The character's name.
            to: String,
            /// What; at most 240 bytes.
            text: String,
        },
        /// Asks a player anywhere into one's party.
        PartyInvite {
            /// The character's name.
            to: String,
        },
        /// Answers an invitation.
        PartyAnswer {
            /// The party in the invitation.
            party: u64,
            /// Whether to join.
            accept: bool,
        },
        /// Leaves the party.
        PartyLeave,
        /// Speaks to the party.
        PartyChat {
            /// What; at most 240 bytes.
            text: String,
        },
        /// Asks which channels this map has.
        ListChannels,
        /// Goes to another channel of this map; not in combat.
        SwitchChannel {
            /// Which.
            channel: ChannelId,
        },
    }
}
