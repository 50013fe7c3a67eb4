//! `RealmBag`: what the character owns.

use std::sync::Arc;

use godot::prelude::*;
use realmgate_client::session::{Content, FIRST_WORN_SLOT, Possessions};
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::realm::ClientMessage;

use crate::data::RealmItem;
use crate::error::RealmError;
use crate::requests::{Asks, Requests};

/// What the character owns: [member RealmClient.bag]. What the server refuses comes by [signal refused]; until it
/// has said so, nothing changes here.
#[derive(GodotClass)]
#[class(tool, init, base=RefCounted)]
pub struct RealmBag {
    /// The character's gold.
    #[var(no_set)]
    gold: i64,
    /// Its experience in all.
    #[var(no_set)]
    experience: i64,
    /// Its level.
    #[var(no_set)]
    level: i64,
    /// How many slots the bag has.
    #[var(no_set)]
    slots: i64,
    /// Whether the server's store is out of reach: gains and losses wait until it is back.
    #[var(no_set)]
    is_store_away: bool,
    /// How many changes wait for the store.
    #[var(no_set)]
    pending: i64,
    items: Vec<Gd<RealmItem>>,
    requests: Requests,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmBag {
    /// Anything in here has changed.
    #[signal]
    pub fn changed();
    /// The server has refused a request that a method of this made, or it could not be sent. It is told here alone.
    #[signal]
    pub fn refused(error: Gd<RealmError>);

    /// The carried items, an array of [RealmItem].
    #[func]
    fn carried(&self) -> Array<Gd<RealmItem>> {
        self.items_where(|slot| slot < i64::from(FIRST_WORN_SLOT))
    }

    /// The worn items, an array of [RealmItem].
    #[func]
    fn worn(&self) -> Array<Gd<RealmItem>> {
        self.items_where(|slot| slot >= i64::from(FIRST_WORN_SLOT))
    }

    /// Puts a carried item on; what was worn there goes into the bag.
    #[func]
    fn equip(&self, item_id: GString) {
        self.with("Equip", &item_id, |item| ClientMessage::Equip { item });
    }

    /// Takes a worn item off.
    #[func]
    fn unequip(&self, item_id: GString) {
        self.with("Unequip", &item_id, |item| ClientMessage::Unequip { item });
    }

    /// Uses a consumable up.
    #[func]
    fn use_item(&self, item_id: GString) {
        self.with("UseItem", &item_id, |item| ClientMessage::UseItem { item });
    }

    /// Drops a carried item to the ground.
    #[func]
    fn drop_item(&self, item_id: GString) {
        self.with("DropItem", &item_id, |item| ClientMessage::DropItem { item });
    }
}

impl Asks for RealmBag {
    fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn refuse(part: &Gd<Self>, error: &Gd<RealmError>) {
        part.signals().refused().emit(error);
    }
}

impl RealmBag {
    /// Shows what the character owns now.
    pub fn take(bag: &Gd<Self>, owned: &Possessions, content: Option<&Arc<Content>>) {
        let mut bag = bag.clone();
        {
            let mut this = bag.bind_mut();
            this.gold = whole(owned.gold);
            this.experience = whole(owned.experience);
            (this.level, this.slots) = (owned.level.into(), owned.bag_slots.into());
            (this.is_store_away, this.pending) = (owned.store_away, owned.pending.into());
            let mut items: Vec<_> = owned.items.values().collect();
            items.sort_by_key(|item| item.slot);
            this.items = items.into_iter().map(|item| RealmItem::of(item, content.map(AsRef::as_ref))).collect();
        }
        bag.signals().changed().emit();
    }

    fn items_where(&self, is_there: impl Fn(i64) -> bool) -> Array<Gd<RealmItem>> {
        self.items.iter().filter(|item| is_there(item.bind().slot())).cloned().collect()
    }

    fn with(&self, request: &str, item: &GString, message: impl FnOnce(ItemId) -> ClientMessage) {
        match item.to_string().parse() {
            Ok(item) => self.requests.ask(message(item)),
            Err(_) => self.requests.misused(request, &format!("{item} is not an item id")),
        }
    }
}

/// An amount, as scripts count.
pub fn whole(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
