//! One player: our client library's session on a link, and what a script makes it do.

use std::collections::VecDeque;

use realmgate_client::session::{Intent, Possessions, Session};
use realmgate_client::transport::Incoming;
use realmgate_client::world;
use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::ids::{CharacterId, EntityId};
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{ClientMessage, EntityKind, ServerMessage};
use realmgate_protocol::wire::Action;

use super::Seen;
use super::link::Link;

/// A player.
pub struct Player {
    /// Its character's name.
    pub name: String,
    /// Its character.
    pub character: CharacterId,
    /// What it sees and owns.
    pub session: Session,
    /// Where it walks from now on.
    pub heading: Option<Angle>,
    pub(super) action: Option<Action>,
    pub(super) heard: VecDeque<ServerMessage>,
    pub(super) seen: Seen,
    /// None for one that has gone.
    link: Option<Link>,
}

impl Player {
    pub(super) fn new(name: String, character: CharacterId, link: Link) -> Self {
        Self {
            name,
            character,
            session: Session::new(Default::default(), None),
            heading: None,
            action: None,
            heard: VecDeque::new(),
            seen: Seen::default(),
            link: Some(link),
        }
    }

    /// Goes on over another link, with what it owned to be compared with what it is told there.
    pub(super) fn change_link(&mut self, link: Link, carried: Option<Possessions>) {
        self.session = Session::new(Default::default(), carried);
        (self.link, self.heading, self.action) = (Some(link), None, None);
    }

    /// Whether neither side has ended its connection.
    pub fn is_connected(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_open)
    }

    /// Its own entity.
    ///
    /// # Panics
    /// Before it was shown.
    #[track_caller]
    pub fn me(&self) -> world::VisibleEntity<'_> {
        self.session.own_entity().expect("a player sees itself")
    }

    /// Its own entity's id.
    ///
    /// # Panics
    /// Before it was welcomed.
    #[track_caller]
    pub fn id(&self) -> EntityId {
        self.session.welcome().expect("it was welcomed").entity
    }

    /// Everything of a kind in view, by id; `definition` is its place among the definitions of that kind.
    pub fn all(&self, kind: EntityKind, definition: Option<u16>) -> Vec<EntityId> {
        let fits = |view: &world::VisibleEntity<'_>| {
            view.appearance.as_ref().is_some_and(|looks| {
                looks.kind == kind && definition.is_none_or(|definition| definition == looks.definition)
            })
        };
        self.session.world.entities().filter(|(_, view)| fits(view)).map(|(id, _)| id).collect()
    }

    /// What it has been told and nobody has listened to.
    pub fn heard(&self) -> &VecDeque<ServerMessage> {
        &self.heard
    }

    pub(super) fn send(&mut self, message: &ClientMessage) {
        self.seen.sent.insert(message.name());
        self.send_bytes(encode_reliable(message).expect("the message is short"));
    }

    pub(super) fn send_bytes(&mut self, bytes: Vec<u8>) {
        if let Some(link) = &mut self.link {
            link.send_message(bytes);
        }
    }

    pub(super) fn finish_tick(&mut self) {
        let Some(link) = &mut self.link else { return };
        let intent = Intent { heading: self.heading, action: self.action.take() };
        let frame = self.session.is_entered().then(|| self.session.tick(intent));
        link.finish_tick(frame.as_ref());
    }

    pub(super) fn wait_until_sent(&mut self) {
        self.link.iter_mut().for_each(Link::wait_until_sent);
    }

    pub(super) fn receive(&mut self) {
        let received = self.link.as_mut().map(Link::receive);
        for incoming in received.into_iter().flatten() {
            match incoming {
                Incoming::Frame(body) => {
                    self.session.receive_frame(&body);
                }
                Incoming::Message(bytes) => self.hear(&bytes),
            }
        }
    }

    /// Goes without a word to the game.
    pub fn disconnect(&mut self) {
        self.link.take().into_iter().for_each(Link::close);
    }

    fn hear(&mut self, bytes: &[u8]) {
        if let Ok(message) = decode_reliable::<ServerMessage>(bytes) {
            self.seen.received.insert(message.name());
        }
        let Some(message) = self.session.receive_message(bytes) else { return };
        self.seen.received.insert(message.name());
        match &message {
            ServerMessage::Refused { request, reason, .. } => self.seen.refused(request, *reason),
            ServerMessage::Combat { source, target, ability, .. } => {
                let known = ability.and_then(|place| self.session.content.ability(place));
                self.seen.abilities.extend(known.map(|ability| ability.id.clone()));
                let mobs = [self.mob_of(*source), self.mob_of(*target)];
                self.seen.mobs.extend(mobs.into_iter().flatten());
            }
            _ => {}
        }
        self.heard.push_back(message);
    }

    /// Which mob an entity is.
    fn mob_of(&self, id: EntityId) -> Option<String> {
        let entity = self.session.world.entity(id)?;
        let looks = entity.appearance.as_ref()?;
        let mob = self.session.content.mobs.get(usize::from(looks.definition))?;
        (looks.kind == EntityKind::Mob).then(|| mob.id.clone())
    }
}
