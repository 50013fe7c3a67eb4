//! Where the parts of the client send their requests, and to which of them a refusal goes.

use std::cell::RefCell;

use godot::obj::{Bounds, bounds};
use godot::prelude::*;
use realmgate_protocol::realm::ClientMessage;

use crate::error::RealmError;
use crate::net::{Failure, Link, Request};

/// How many failures wait for the next frame: more in one frame say nothing new.
const WAITING_FAILURES: usize = 64;

/// Requests of a part of the client. What cannot be sent is told as a refusal in the next frame.
#[derive(Debug, Default)]
pub struct Requests {
    /// Before the first call there is no network.
    link: Option<Link>,
    unsent: RefCell<Vec<Failure>>,
}

impl Requests {
    /// Sends over this link from now on.
    pub fn connect(&mut self, link: &Link) {
        self.link = Some(link.clone());
    }

    /// Sends one.
    pub fn ask(&self, message: ClientMessage) {
        let request = message.name();
        let sent = match &self.link {
            None => Err(Failure::not_in_world()),
            Some(link) => link.send(Request::Ask(message)),
        };
        if let Err(failure) = sent {
            self.fail(Failure { request: request.to_owned(), ..failure });
        }
    }

    /// A script has asked for something that no message can say.
    pub fn misused(&self, request: &str, text: &str) {
        self.fail(Failure { request: request.to_owned(), ..Failure::misused("BAD_ARGUMENT", text) });
    }

    fn fail(&self, failure: Failure) {
        let mut unsent = self.unsent.borrow_mut();
        if unsent.len() < WAITING_FAILURES {
            unsent.push(failure);
        }
    }

    /// What could not be sent since the last frame.
    fn take_unsent(&self) -> Vec<Failure> {
        self.unsent.take()
    }
}

/// A part of the client that asks the world for something.
pub trait Asks: GodotClass {
    /// Where its requests go.
    fn requests(&mut self) -> &mut Requests;
    /// Emits its own signal `refused`.
    fn refuse(part: &Gd<Self>, error: &Gd<RealmError>);
}

/// What a part could not send since the last frame.
pub fn unsent<T: Asks + Bounds<Declarer = bounds::DeclUser>>(part: &Gd<T>) -> Vec<Failure> {
    part.clone().bind_mut().requests().take_unsent()
}

/// A part of the client that asks the world for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `RealmChat`
    Chat,
    /// `RealmBag`
    Bag,
    /// `RealmTrade`
    Trade,
    /// `RealmParty`
    Party,
    /// `RealmVendor`
    Vendor,
}

impl Part {
    /// The part whose methods make the request of this name, as the server names it in a refusal. `None` for the client itself.
    pub fn of(request: &str) -> Option<Self> {
        match request {
            "Chat" | "Whisper" | "PartyChat" | "Ignore" | "Unignore" => Some(Self::Chat),
            "DropItem" | "Equip" | "Unequip" | "UseItem" => Some(Self::Bag),
            "TradeRequest" | "TradeAnswer" | "TradeOffer" | "TradeConfirm" | "TradeCancel" => Some(Self::Trade),
            "PartyInvite" | "PartyAnswer" | "PartyLeave" => Some(Self::Party),
            "VendorList" | "VendorBuy" | "VendorSell" | "VendorBuyBack" => Some(Self::Vendor),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests of the client itself: what it has methods for, what it says unasked, and what only spectators say.
    const OWN: [&str; 7] = ["Hello", "Logout", "Respawn", "PickUp", "ListChannels", "SwitchChannel", "Look"];

    /// The parts, and the methods of each.
    const PARTS: [(Part, &str); 5] = [
        (Part::Chat, include_str!("chat.rs")),
        (Part::Bag, include_str!("bag.rs")),
        (Part::Trade, include_str!("trade.rs")),
        (Part::Party, include_str!("party.rs")),
        (Part::Vendor, include_str!("vendor.rs")),
    ];

    #[test]
    fn every_request_has_the_part_that_is_told_of_its_refusal() {
        for request in ClientMessage::VARIANTS {
            let made = format!("ClientMessage::{request}");
            let asks = PARTS.into_iter().find(|(_, methods)| methods.contains(&made)).map(|(part, _)| part);
            assert_eq!(Part::of(request), asks, "{request} is told to the part that asks for it");
            assert_eq!(asks.is_none(), OWN.contains(request), "{request}");
        }
        for unasked in ["Ability", "Portal", "Experience", ""] {
            assert_eq!(Part::of(unasked), None, "what is asked for without a message is the client's");
        }
    }

    #[test]
    fn a_request_without_a_network_fails_by_its_name() {
        let requests = Requests::default();
        requests.ask(ClientMessage::PartyLeave);
        requests.misused("Equip", "no id");
        let failed = requests.take_unsent();
        let told: Vec<_> = failed.iter().map(|failure| (failure.request.as_str(), failure.code.as_str())).collect();
        assert_eq!(told, [("PartyLeave", "NOT_IN_WORLD"), ("Equip", "BAD_ARGUMENT")]);
        assert_eq!(requests.take_unsent(), []);
    }

    #[test]
    fn a_script_that_asks_in_vain_all_the_time_fills_no_memory() {
        let requests = Requests::default();
        (0..1_000).for_each(|_| requests.ask(ClientMessage::PartyLeave));
        assert_eq!(requests.take_unsent().len(), WAITING_FAILURES);
    }
}
