//! Reliable messages from client to server. Walking and abilities are input commands, not messages.

use crate::ids::{ChannelId, EntityId, ItemId};

crate::messages! {
    /// A request from a client.
    pub enum ClientMessage {
        /// The first message: names the protocol that the client speaks.
        Hello {
            /// The client's protocol hash. If it differs from the server's, the server answers `ProtocolMismatch` and
            /// ends the connection.
            protocol_hash: u64,
        },
        /// Leaves the world: the server saves, then ends the connection. In a fight the body stays until that is over,
        /// which `LeavingIn` announces.
        Logout,
        /// Revives the dead character at the safe zone.
        Respawn,
        /// Picks up an item or gold from the ground, in reach.
        PickUp {
            /// The entity of the item or gold.
            entity: EntityId,
        },
        /// Drops a carried item to the ground.
        DropItem {
            /// The item's id.
            item: ItemId,
        },
        /// Equips a carried item. An item already in that slot goes to the bag.
        Equip {
            /// The item's id.
            item: ItemId,
        },
        /// Unequips a worn item.
        Unequip {
            /// The item's id.
            item: ItemId,
        },
        /// Uses up a consumable.
        UseItem {
            /// The item's id.
            item: ItemId,
        },
        /// Asks for the stock of a vendor in reach.
        VendorList {
            /// The vendor's entity.
            vendor: EntityId,
        },
        /// Buys one item from a vendor.
        VendorBuy {
            /// The vendor's entity.
            vendor: EntityId,
            /// The item definition's id in the game's data.
            definition: String,
            /// The price in gold that the client was shown; any other is refused.
            price: u64,
        },
        /// Sells one carried item to a vendor.
        VendorSell {
            /// The vendor's entity.
            vendor: EntityId,
            /// The item's id.
            item: ItemId,
        },
        /// Asks a player in reach to trade.
        TradeRequest {
            /// The other player's entity.
            with: EntityId,
        },
        /// Answers the last trade request.
        TradeAnswer {
            /// Whether the player accepts.
            accept: bool,
        },
        /// Sets the player's own offer. Takes back both confirmations.
        TradeOffer {
            /// The offered items.
            items: Vec<ItemId>,
            /// The offered gold.
            gold: u64,
        },
        /// Confirms both offers as last shown.
        TradeConfirm {
            /// The revision that was shown; any other is refused.
            revision: u32,
        },
        /// Cancels the trade; nothing is exchanged.
        TradeCancel,
        /// Sends a text to everyone in the channel.
        Chat {
            /// The text, at most 240 bytes.
            text: String,
        },
        /// Sends a text to one player, on any map or channel.
        Whisper {
            /// The other character's name.
            to: String,
            /// The text, at most 240 bytes.
            text: String,
        },
        /// Invites a player, on any map or channel, to the party.
        PartyInvite {
            /// The other character's name.
            to: String,
        },
        /// Answers an invitation.
        PartyAnswer {
            /// The party's id from the invitation.
            party: u64,
            /// Whether to join.
            accept: bool,
        },
        /// Leaves the party.
        PartyLeave,
        /// Sends a text to the party.
        PartyChat {
            /// The text, at most 240 bytes.
            text: String,
        },
        /// Asks for the list of this map's channels.
        ListChannels,
        /// Switches to another channel of this map; not in combat.
        SwitchChannel {
            /// The channel to switch to.
            channel: ChannelId,
        },
        /// Ignores a player: its chat, whispers, invitations and requests no longer arrive. That player is not
        /// notified.
        Ignore {
            /// The other character's name.
            name: String,
        },
        /// Stops ignoring a player.
        Unignore {
            /// The other character's name.
            name: String,
        },
        /// Where a spectator looks from now on. Only spectators may send it, and nothing else but `Hello`.
        Look {
            /// From the west edge of the map, in 1/1,024 tile. What is outside of the map is moved to its edge.
            x: i32,
            /// From the north edge.
            y: i32,
            /// An entity to follow wherever it goes; the place is then where to look until it is found.
            follow: Option<EntityId>,
        },
        /// Buys back an item that the player has sold to a vendor: one of `VendorStock`'s `sold`.
        VendorBuyBack {
            /// The vendor's entity.
            vendor: EntityId,
            /// The item's id.
            item: ItemId,
            /// The price in gold that the client was shown; any other is refused.
            price: u64,
        },
    }
}
