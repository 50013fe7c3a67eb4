//! A player's stay in the world: ticks, frames and requests.

use std::time::Duration;

use realmgate_client::clock::Clock;
use realmgate_client::player::{Player, PlayerEvent};
use realmgate_client::session::Intent;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::ClientMessage;
use realmgate_protocol::wire::Action;

use super::{Failure, News, Picture};

/// How long is played at most before the player's events are looked at.
const SLICE: Duration = Duration::from_millis(10);

/// How a stay ended.
#[derive(Debug)]
pub enum End {
    /// The world is to be entered again: the server has sent its players away.
    ComesBack,
    /// The player is out, and stays out.
    IsOver(News),
}

/// A player in the world.
#[derive(Debug)]
pub struct Stay {
    /// The character it plays.
    pub character: String,
    player: Player,
    clock: Clock,
    intent: Intent,
    /// Abilities that wait for a tick of their own: each tick has one at most.
    action: Option<Action>,
    events: Vec<PlayerEvent>,
}

impl Stay {
    /// Begins one, and says what the session knows.
    pub fn begin(character: String, player: Player, clock: Clock, tell: &mut dyn FnMut(News)) -> Self {
        News::of_entering(player.client().session()).into_iter().for_each(tell);
        Self { character, player, clock, intent: Intent::default(), action: None, events: Vec::new() }
    }

    /// Plays for a moment. It may be given up at any time, and nothing is lost.
    pub async fn play(&mut self) {
        let next_tick = self.player.client().next_tick();
        let moment = next_tick.clamp(self.clock.now(), self.clock.now() + SLICE) + Duration::from_micros(1);
        let intent = Intent { action: self.action, ..self.intent };
        self.player.play_into(moment, intent, &mut self.events).await;
    }

    /// Notes whether the tick with the ability has been, when play has stopped for whatever reason.
    pub fn after_play(&mut self, commands_before: u32) {
        if self.commands() != commands_before {
            self.action = None;
        }
    }

    /// How many commands have been issued.
    pub fn commands(&self) -> u32 {
        self.player.client().session().commands_issued()
    }

    /// A frame is about to be drawn.
    pub fn frame(&mut self, intent: Intent) -> Picture {
        // What was pressed was decided by the frame that is on the screen until now.
        let display = self.player.client().display();
        let action = display.map_or(intent, |display| display.with_seen(intent)).action;
        self.intent = Intent { action: None, ..intent };
        self.action = action.or(self.action);
        self.player.show(intent.heading);
        let client = self.player.client();
        client.display().map_or_else(Picture::default, |display| {
            Picture::of(client.session(), display, self.player.is_connected(), intent.heading.is_some())
        })
    }

    /// Sends a request to the map server.
    ///
    /// # Errors
    /// What the server would say, or that there is none now.
    pub fn ask(&mut self, message: &ClientMessage) -> Result<(), Failure> {
        if !self.player.is_connected() {
            return Err(Failure::not_in_world());
        }
        self.player.ask(message).map_err(|_| Failure::too_long())
    }

    /// Tells what has happened. An end is told by whoever ends the stay.
    pub fn tell(&mut self, tell: &mut dyn FnMut(News)) -> Option<End> {
        for event in std::mem::take(&mut self.events) {
            let session = self.player.client().session();
            match event {
                PlayerEvent::Told(message) => {
                    News::of_message(session, &message).into_iter().for_each(&mut *tell);
                    tell(News::Told(message));
                }
                PlayerEvent::Lost(reason) => tell(News::Lost(reason.to_string())),
                PlayerEvent::Travels => tell(News::Travels),
                PlayerEvent::Entered => News::of_entering(session).into_iter().for_each(&mut *tell),
                PlayerEvent::Left(LeaveReason::ServerClosing | LeaveReason::ChannelFailed | LeaveReason::StoreAway) => {
                    tell(News::Lost("the server is shutting down".to_owned()));
                    return Some(End::ComesBack);
                }
                PlayerEvent::Left(reason) => return Some(End::IsOver(News::Left(Some(reason), None))),
                PlayerEvent::GaveUp(error) => return Some(End::IsOver(News::Left(None, Some(error.into())))),
            }
        }
        None
    }

    /// The player itself, to log out.
    pub fn into_player(self) -> Player {
        self.player
    }
}
