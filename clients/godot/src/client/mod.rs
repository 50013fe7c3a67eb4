//! `RealmClient`: the account, the way into the world, and everything that is asked of it.

mod news;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use godot::prelude::*;
use realmgate_client::session::{Content, Intent};
use realmgate_protocol::ids::{ChannelId, EntityId};
use realmgate_protocol::movement::{Angle, UNITS_PER_TILE};
use realmgate_protocol::realm::{ClientMessage, PlaceInfo, PlaceKind};
use realmgate_protocol::wire::Action;

use crate::account::RealmProfile;
use crate::bag::RealmBag;
use crate::call::RealmCall;
use crate::chat::RealmChat;
use crate::data::{RealmAbility, RealmCharacter, RealmCharacterClass};
use crate::error::RealmError;
use crate::net::{Call, Failure, Link, Network, Outcome, Picture, Request, World};
use crate::party::RealmParty;
use crate::requests::{Asks, Part, unsent};
use crate::settings;
use crate::trade::RealmTrade;
use crate::vendor::RealmVendor;

/// The client of a Realmgate server: accounts, characters, and the player's stay in the world. A lost connection is made
/// anew by itself, and so is the way to another map.
///
/// It works after all other nodes of a frame (its process priority is 1000), so that what they decide is shown in the same frame;
/// [RealmWorld] follows it. Its network runs in a thread of its own.
#[derive(GodotClass)]
#[class(init, base=Node)]
pub struct RealmClient {
    /// Where the server's public API is, such as [code]https://play.example.com[/code]. It is read when the first call is made;
    /// empty for what Project Settings say ([code]realmgate/server/address[/code]).
    #[export]
    server: GString,
    /// An address and port where the packets of the game go instead of where the server says: something stands between, such
    /// as a bad line of a test. Empty for none.
    #[export]
    through: GString,
    /// Where players talk.
    #[var(no_set)]
    #[init(val = RealmChat::new_gd())]
    chat: Gd<RealmChat>,
    /// What the character owns.
    #[var(no_set)]
    #[init(val = RealmBag::new_gd())]
    bag: Gd<RealmBag>,
    /// Trade with another player.
    #[var(no_set)]
    #[init(val = RealmTrade::new_gd())]
    trade: Gd<RealmTrade>,
    /// The player's party.
    #[var(no_set)]
    #[init(val = RealmParty::new_gd())]
    party: Gd<RealmParty>,
    /// Trade with vendors.
    #[var(no_set)]
    #[init(val = RealmVendor::new_gd())]
    vendor: Gd<RealmVendor>,
    /// The account's id, once logged in; else empty.
    #[var(no_set)]
    user_id: GString,
    network: Option<Network>,
    calls: HashMap<u64, Gd<RealmCall>>,
    calls_made: u64,
    /// Calls that could not be sent: they fail in the next frame, when somebody awaits them.
    unsent: Vec<(u64, Failure)>,
    world: Option<Box<World>>,
    /// How many worlds it has been in: with each, the entities' ids begin anew.
    worlds: u64,
    places: Vec<PlaceInfo>,
    intent: Intent,
    picture: Rc<Picture>,
    base: Base<Node>,
}

#[godot_api]
impl RealmClient {
    /// Somebody has logged in or made an account.
    #[signal]
    pub fn logged_in(user_id: GString);
    /// A call has failed, whichever: what [signal RealmCall.failed] says too.
    #[signal]
    pub fn call_failed(error: Gd<RealmError>);
    /// The player is in the world: for the first time, on another map or channel, or after a lost connection.
    #[signal]
    pub fn entered();
    /// The player is on its way to another map or channel: [signal entered] follows.
    #[signal]
    pub fn travelling();
    /// The connection is lost, and is being made anew: [signal entered] or [signal left] follows.
    #[signal]
    pub fn connection_lost(reason: GString);
    /// The player is out of the world. [code]reason[/code] is the server's, such as [code]KICKED[/code], or [code]LOGOUT[/code]
    /// after [method leave_world]; empty where there was no way back, and then [code]error[/code] says why.
    #[signal]
    pub fn left(reason: StringName, error: Option<Gd<RealmError>>);
    /// The server has refused a request that a method of this or of [RealmAvatar] made, or it could not be sent. Each refusal is told
    /// once, where was asked: requests of [member chat], [member bag], [member trade], [member party] and [member vendor] by the
    /// signal of the same name there, and not here.
    #[signal]
    pub fn refused(error: Gd<RealmError>);
    /// Something that the player did or suffered: [code]kind[/code] is [code]damage[/code], [code]tick[/code], [code]heal[/code],
    /// [code]buff[/code], [code]root[/code] or [code]knockback[/code], [code]ability[/code] an index for
    /// [method ability_info] or -1.
    #[signal]
    pub fn combat(kind: StringName, source: i64, target: i64, ability: i64, amount: i64);
    /// The player has killed something.
    #[signal]
    pub fn killed(entity: i64);
    /// The player has died: [method respawn] revives it. [code]by[/code] is an entity, 0 if unknown.
    #[signal]
    pub fn died(by: i64);
    /// The player lives again.
    #[signal]
    pub fn respawned();
    /// The character has reached a level.
    #[signal]
    pub fn level_reached(level: i64);
    /// The player is leaving but in a fight: seconds until it is out, if nothing more happens, and at most.
    #[signal]
    pub fn leaving_in(seconds: f64, at_most: f64);
    /// The channels of this map, as [code]{channel, players, capacity}[/code], after [method list_channels].
    #[signal]
    pub fn channels_listed(channels: Array<VarDictionary>);

    /// Makes an account and logs in. Brings the account's id, a [String].
    #[func]
    fn register(&mut self, user_name: GString, password: GString) -> Gd<RealmCall> {
        self.call(Call::Register { name: user_name.to_string(), password: password.to_string() })
    }

    /// Logs in. Brings the account's id, a [String].
    #[func]
    fn log_in(&mut self, user_name: GString, password: GString) -> Gd<RealmCall> {
        self.call(Call::LogIn { name: user_name.to_string(), password: password.to_string() })
    }

    /// Ends the log-in, also in the world. Brings null.
    #[func]
    fn log_out(&mut self) -> Gd<RealmCall> {
        self.call(Call::LogOut)
    }

    /// Lists the classes that characters can have. Brings an array of [RealmCharacterClass].
    #[func]
    fn list_classes(&mut self) -> Gd<RealmCall> {
        self.call(Call::Classes)
    }

    /// Lists the account's characters. Brings an array of [RealmCharacter].
    #[func]
    fn list_characters(&mut self) -> Gd<RealmCall> {
        self.call(Call::Characters)
    }

    /// Makes a character of a class. Brings a [RealmCharacter].
    #[func]
    fn create_character(&mut self, display_name: GString, class_id: GString) -> Gd<RealmCall> {
        self.call(Call::CreateCharacter { name: display_name.to_string(), class: class_id.to_string() })
    }

    /// Deletes a character; for a day it can be restored. Brings null.
    #[func]
    fn delete_character(&mut self, character_id: GString) -> Gd<RealmCall> {
        self.call(Call::DeleteCharacter { id: character_id.to_string() })
    }

    /// Undoes the deletion of a character. Brings a [RealmCharacter].
    #[func]
    fn restore_character(&mut self, character_id: GString) -> Gd<RealmCall> {
        self.call(Call::RestoreCharacter { id: character_id.to_string() })
    }

    /// Enters the world with a character, and stays there until it leaves. Brings null; [signal entered] comes before.
    #[func]
    fn enter_world(&mut self, character_id: GString) -> Gd<RealmCall> {
        self.call(Call::Enter { character: character_id.to_string() })
    }

    /// Leaves the world, and waits until the server has saved the character: in a fight when that is over. Brings null.
    #[func]
    fn leave_world(&mut self) -> Gd<RealmCall> {
        self.call(Call::Leave)
    }

    /// Revives the dead character at the safe zone.
    #[func]
    fn respawn(&mut self) {
        self.ask(ClientMessage::Respawn);
    }

    /// Picks up an item or gold from the ground, in reach. What the server refuses comes by [signal refused].
    #[func]
    fn pick_up(&mut self, entity_id: i64) {
        self.ask(ClientMessage::PickUp { entity: entity(entity_id) });
    }

    /// Asks for the channels of this map: [signal channels_listed].
    #[func]
    fn list_channels(&mut self) {
        self.ask(ClientMessage::ListChannels);
    }

    /// Goes to another channel of this map; not in a fight.
    #[func]
    fn switch_channel(&mut self, channel: i64) {
        self.ask(ClientMessage::SwitchChannel { channel: ChannelId(u16::try_from(channel).unwrap_or(u16::MAX)) });
    }

    /// Whether the player is in a world, if only in the picture of one whose connection is being made anew.
    #[func]
    fn is_in_world(&self) -> bool {
        self.world.is_some()
    }

    /// Whether requests reach the server now.
    #[func]
    fn is_online(&self) -> bool {
        self.world.is_some() && self.picture.is_connected
    }

    /// The map that the player is on; 0 for none.
    #[func]
    pub fn map_id(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.welcome.map.0.into())
    }

    /// The channel that the player is in.
    #[func]
    fn channel(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.welcome.channel.0.into())
    }

    /// The player's own entity; 0 for none.
    #[func]
    pub fn own_entity_id(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.welcome.entity.0.into())
    }

    /// Portals, safe zones, vendors and areas of mobs on this map, as [code]{kind, rect, to_map}[/code] in tiles.
    #[func]
    fn places(&self) -> Array<VarDictionary> {
        self.places.iter().map(place).collect()
    }

    /// The ability at an index of the designers' list; null if there is none.
    #[func]
    fn ability_info(&self, index: i64) -> Option<Gd<RealmAbility>> {
        let content = self.content()?;
        content.ability(u16::try_from(index).ok()?).map(RealmAbility::of)
    }

    /// The ability on a slot of the player's class; null if there is none.
    #[func]
    fn ability_on_slot(&self, slot: i64) -> Option<Gd<RealmAbility>> {
        let slots = &self.world.as_ref()?.welcome.slots;
        self.ability_info((*slots.get(usize::try_from(slot).ok()?)?).into())
    }
}

#[godot_api]
impl INode for RealmClient {
    fn enter_tree(&mut self) {
        self.base_mut().set_process_priority(PRIORITY);
    }

    fn process(&mut self, _delta: f64) {
        self.take_news();
        if self.world.is_none() {
            return;
        }
        let intent = self.intent;
        if let Some(picture) = self.network.as_mut().and_then(|network| network.picture(intent)) {
            self.intent.action = None;
            self.picture = Rc::new(picture);
        }
    }
}

/// When it works in a frame.
pub const PRIORITY: i32 = 1_000;

impl RealmClient {
    /// What this frame shows.
    pub fn picture(&self) -> Rc<Picture> {
        self.picture.clone()
    }

    /// The names behind numbers, and the rules, once in the world.
    pub fn content(&self) -> Option<&Arc<Content>> {
        self.world.as_ref().map(|world| &world.content)
    }

    /// How many worlds it has been in: ids of entities are good in one.
    pub fn worlds(&self) -> u64 {
        self.worlds
    }

    /// What the player wants from now on.
    pub fn want(&mut self, heading: Option<Angle>) {
        self.intent.heading = heading;
    }

    /// Uses an ability in the next tick.
    pub fn act(&mut self, action: Action) {
        self.intent.action = Some(action);
    }

    /// Sends a request to the world.
    pub fn ask(&mut self, message: ClientMessage) {
        let request = message.name().to_owned();
        let sent = self.link().and_then(|link| link.send(Request::Ask(message)));
        if let Err(failure) = sent {
            self.refuse(&Failure { request, ..failure });
        }
    }

    /// Makes a call that a script awaits.
    pub fn call(&mut self, call: Call) -> Gd<RealmCall> {
        self.calls_made += 1;
        let (number, answer) = (self.calls_made, RealmCall::new_gd());
        self.calls.insert(number, answer.clone());
        if let Err(failure) = self.link().and_then(|link| link.send(Request::Call(number, call))) {
            self.unsent.push((number, failure));
        }
        answer
    }

    /// Tells of a refusal where was asked: by the part, or by this where it was no part.
    fn refuse(&mut self, failure: &Failure) {
        let error = RealmError::of(failure);
        let Some(part) = Part::of(&failure.request) else { return self.signals().refused().emit(&error) };
        let (chat, bag, trade) = (self.chat.clone(), self.bag.clone(), self.trade.clone());
        let (party, vendor) = (self.party.clone(), self.vendor.clone());
        self.beside(|| match part {
            Part::Chat => Asks::refuse(&chat, &error),
            Part::Bag => Asks::refuse(&bag, &error),
            Part::Trade => Asks::refuse(&trade, &error),
            Part::Party => Asks::refuse(&party, &error),
            Part::Vendor => Asks::refuse(&vendor, &error),
        });
    }

    /// What the parts could not send since the last frame.
    fn unsent(&self) -> Vec<Failure> {
        [unsent(&self.chat), unsent(&self.bag), unsent(&self.trade), unsent(&self.party), unsent(&self.vendor)].concat()
    }

    fn link(&mut self) -> Result<Link, Failure> {
        if self.network.is_none() {
            let server = if self.server.is_empty() { settings::server() } else { self.server.clone() };
            let through = self.through.to_string();
            let through = (!through.is_empty()).then(|| through.parse()).transpose();
            let through =
                through.map_err(|_| Failure::misused("BAD_ADDRESS", "`through` is not an address with a port"))?;
            let network = Network::start(&server.to_string(), through)
                .map_err(|error| Failure::misused("NO_THREAD", &format!("cannot start the network: {error}")))?;
            self.share(network.link());
            self.network = Some(network);
        }
        let link = self.network.as_ref().map(Network::link);
        link.cloned().ok_or_else(Failure::busy)
    }

    fn share(&mut self, link: &Link) {
        self.chat.bind_mut().requests().connect(link);
        self.bag.bind_mut().requests().connect(link);
        self.trade.bind_mut().requests().connect(link);
        self.party.bind_mut().requests().connect(link);
        self.vendor.bind_mut().requests().connect(link);
    }
}

/// An outcome, as scripts see it.
fn value(outcome: Outcome) -> Variant {
    match outcome {
        Outcome::LoggedIn { user } => user.to_variant(),
        Outcome::Done | Outcome::LeftWorld => Variant::nil(),
        Outcome::Classes(classes) => classes.iter().map(RealmCharacterClass::of).collect::<Array<_>>().to_variant(),
        Outcome::Characters(all) => all.iter().map(RealmCharacter::of).collect::<Array<_>>().to_variant(),
        Outcome::Character(character) => RealmCharacter::of(&character).to_variant(),
        Outcome::MapFiles(files) => {
            let file =
                |(name, bytes): (String, Vec<u8>)| (name.to_variant(), PackedByteArray::from(bytes).to_variant());
            files.into_iter().map(file).collect::<VarDictionary>().to_variant()
        }
        Outcome::Profile(profile) => RealmProfile::of(&profile).to_variant(),
        Outcome::Profiles(all, has_more) => {
            let users: Array<_> = all.iter().map(RealmProfile::of).collect();
            let mut page = VarDictionary::new();
            page.set("users", &users);
            page.set("has_more", has_more);
            page.to_variant()
        }
    }
}

/// The entity of a number that a script gives. One that is none exists nowhere, and the server says so.
pub fn entity(id: i64) -> EntityId {
    EntityId(u32::try_from(id).unwrap_or(0))
}

fn place(place: &PlaceInfo) -> VarDictionary {
    let kind = match place.kind {
        PlaceKind::Portal => "portal",
        PlaceKind::SafeZone => "safe_zone",
        PlaceKind::Vendor => "vendor",
        PlaceKind::Mobs => "mobs",
    };
    let tiles = |units: i32| units as f32 / UNITS_PER_TILE as f32;
    let mut entry = VarDictionary::new();
    entry.set("kind", kind);
    entry.set("rect", Rect2::from_components(tiles(place.x), tiles(place.y), tiles(place.width), tiles(place.height)));
    entry.set("to_map", i64::from(place.to_map));
    entry
}
