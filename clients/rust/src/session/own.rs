//! The player's own character: its commands, and what they will bring about before the server has said so.

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Refusal, status};
use realmgate_protocol::wire::Seen;
use realmgate_protocol::wire::datagram::ClientFrame;

use super::abilities::Known;
use super::{Cast, Content, Intent, Motion, PredictedUse, Session, Welcome};
use crate::world::WorldView;

impl Session {
    /// Turns the player's intent into the next command, predicts it, and returns the frame to send. An action that does not
    /// say what the player saw (see [`Display::with_seen`](crate::display::Display::with_seen)) was decided by the newest
    /// snapshot.
    pub fn tick(&mut self, mut intent: Intent) -> ClientFrame {
        let motion = self.motion();
        if let Some(action) = &mut intent.action {
            action.seen.get_or_insert(Seen { tick: self.world.tick(), part: 0 });
        }
        self.predictor.issue(intent, motion);
        self.predict_use(intent);
        ClientFrame { ack: self.world.ack(), commands: self.predictor.newest() }
    }

    /// The step is taken before the ability is used: it does not break the cast that begins in the same tick.
    fn predict_use(&mut self, intent: Intent) {
        let (command, at) = (self.predictor.issued(), self.own_tick());
        let Some(known) = known(self.welcome.as_ref(), &self.world, &self.content) else { return };
        if intent.heading.is_some() {
            self.abilities.walk(known, at);
        }
        if let Some(action) = intent.action {
            // What is refused here is sent all the same: the server decides.
            let _ = self.abilities.press(known, command, action.slot, at);
        }
    }

    /// The tick in which the server is expected to apply a command: it applies one each tick. The player's own
    /// character is shown at this time, ahead of what the server has shown.
    pub fn tick_of(&self, command: u32) -> Tick {
        let head = self.world.head();
        head.tick.after(command.saturating_sub(head.last_command))
    }

    /// The tick in which the server is expected to apply the newest command.
    pub fn own_tick(&self) -> Tick {
        self.tick_of(self.predictor.issued())
    }

    /// Whether the ability on a slot could begin with the next command, as far as a client knows; for buttons.
    ///
    /// # Errors
    /// Why the server would refuse it. [`Refusal::HelloFirst`] until the own entity is in view.
    pub fn may_use(&self, slot: u8) -> Result<(), Refusal> {
        let known = known(self.welcome.as_ref(), &self.world, &self.content).ok_or(Refusal::HelloFirst)?;
        self.abilities.may_use(known, slot, self.own_tick().after(1))
    }

    /// The tick from which a slot is ready, uses that the server has not answered included. To be compared with
    /// [`Self::own_tick`].
    pub fn ready_at(&self, slot: u8) -> Tick {
        known(self.welcome.as_ref(), &self.world, &self.content)
            .map_or(Tick(0), |known| self.abilities.ready_at(known, slot))
    }

    /// The player's own cast, shown from the moment in which it was pressed. To be compared with [`Self::own_tick`].
    pub fn cast(&self) -> Option<Cast> {
        self.abilities.cast(known(self.welcome.as_ref(), &self.world, &self.content)?)
    }

    /// The uses of abilities that are shown, and that the server has not answered for.
    pub fn predicted_uses(&self) -> impl Iterator<Item = &PredictedUse> {
        self.abilities.uses()
    }

    /// The uses of abilities that were shown, and that the server has refused since the last call; the newest where they are many.
    pub fn take_taken_back(&mut self) -> Vec<PredictedUse> {
        self.abilities.take_taken_back()
    }

    /// The number of the newest command; 0 before the first.
    pub fn commands_issued(&self) -> u32 {
        self.predictor.issued()
    }

    /// Where a command with this direction leads the player's body from a position.
    pub fn ahead(&self, from: Position, heading: Option<Angle>) -> Position {
        self.predictor.ahead(from, heading, self.motion())
    }

    /// How the player moves now, according to its components.
    pub(super) fn motion(&self) -> Motion {
        let Some(own) = self.own_entity() else { return Motion::default() };
        let units = own.move_speed.as_ref().map_or(0, |speed| i32::from(speed.units_per_tick));
        let held = own.is_dead() || own.has_status(status::ROOTED);
        Motion { units_per_tick: if held { 0 } else { units } }
    }
}

/// What the rules say of the player's abilities; `None` until the own entity is in view.
pub(super) fn known<'a>(welcome: Option<&'a Welcome>, world: &'a WorldView, content: &'a Content) -> Option<Known<'a>> {
    let welcome = welcome?;
    let own = world.entity(welcome.entity)?.view();
    Some(Known { own, content, slots: &welcome.slots, tick_hz: welcome.tick_hz })
}
