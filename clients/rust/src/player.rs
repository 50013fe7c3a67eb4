//! A player who stays in the world: through changes of map and lost connections, with a picture all the while.
//!
//! While the way to another server is made, or a lost connection is made anew, the last world is shown on: others walk
//! on for a moment, then stand.

use std::time::Duration;

use realmgate_protocol::codec::CodecError;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use tokio::task::JoinSet;

use crate::client::{GameClient, Setup};
use crate::entry::{Entry, EntryError};
use crate::session::Intent;
use crate::transport::CloseReason;

/// First pause before a lost connection is made anew.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause; each is twice the one before.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// How long a lost connection is made anew before the player is told that it is of no use.
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);

/// What happens to a player, besides what its session shows.
#[derive(Debug)]
pub enum PlayerEvent {
    /// The server says something. The session knows it already.
    Told(ServerMessage),
    /// The connection is lost, and is being made anew.
    Lost(CloseReason),
    /// The player is on its way to another map or channel.
    Travels,
    /// The player is in the world again; the session is a new one.
    Entered,
    /// The server has sent the player away: nothing is tried.
    Left(LeaveReason),
    /// There is no way back into the world. The account may have to log in again.
    GaveUp(EntryError),
}

/// A player who stays in the world.
#[derive(Debug)]
pub struct Player {
    setup: Setup,
    /// The client, also while it leads nowhere any more: what it saw last is shown on.
    client: GameClient,
    /// The way in; `None` while a task has it.
    entry: Option<Entry>,
    /// The one task that makes a way in, if any. It ends with the player: nobody enters whom nobody plays any more.
    coming: JoinSet<(Entry, Result<GameClient, EntryError>)>,
    is_over: bool,
}

impl Player {
    /// Enters the world.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use realmgate_client::client::Setup;
    /// use realmgate_client::clock::Clock;
    /// use realmgate_client::entry::{Entry, EntryError};
    /// use realmgate_client::player::{Player, PlayerEvent};
    /// use realmgate_client::session::Intent;
    /// use realmgate_protocol::movement::Angle;
    ///
    /// async fn play(entry: Entry) -> Result<(), EntryError> {
    ///     let setup = Setup::new(Clock::start());
    ///     let mut player = Player::enter(entry, &setup).await?;
    ///     loop {
    ///         let next_frame = setup.clock.now() + Duration::from_millis(16);
    ///         let intent = Intent { heading: Some(Angle(64)), action: None };
    ///         for event in player.play_until(next_frame, intent).await {
    ///             match event {
    ///                 PlayerEvent::Left(_) => return Ok(()),
    ///                 PlayerEvent::GaveUp(error) => return Err(error),
    ///                 other => println!("{other:?}"),
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Entry::enter`].
    pub async fn enter(mut entry: Entry, setup: &Setup) -> Result<Self, EntryError> {
        let mut client = entry.enter(None, setup).await?;
        client.open_display();
        Ok(Self { setup: setup.clone(), client, entry: Some(entry), coming: JoinSet::new(), is_over: false })
    }

    /// What is shown: the client's session and its display.
    pub fn client(&self) -> &GameClient {
        &self.client
    }

    /// Whether commands and requests reach a server now.
    pub fn is_connected(&self) -> bool {
        self.coming.is_empty() && !self.is_over
    }

    /// Queues a request. Without a connection ([`Self::is_connected`]) it is dropped: no answer comes.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] when the message is too long for one reliable message.
    pub fn ask(&mut self, message: &ClientMessage) -> Result<(), CodecError> {
        if self.is_connected() { self.client.ask(message) } else { Ok(()) }
    }

    /// Plays until a moment of the clock, the next frame of a screen for example: sends what is due, receives what has
    /// come, and moves the display on. Returns what has happened.
    pub async fn play_until(&mut self, moment: Duration, intent: Intent) -> Vec<PlayerEvent> {
        let mut events = Vec::new();
        self.play_into(moment, intent, &mut events).await;
        self.client.show(intent.heading);
        events
    }

    /// As [`Self::play_until`], but the display stays where it is, and what happens is put into `events` at once. So it may be
    /// given up at any moment, in a `select!` for example, and nothing is lost.
    pub async fn play_into(&mut self, moment: Duration, intent: Intent, events: &mut Vec<PlayerEvent>) {
        while self.is_connected() && self.setup.clock.now() < moment {
            self.play_to(moment.min(self.client.next_tick()), intent, events).await;
        }
        if !self.is_connected() {
            self.wait_until(moment, events).await;
        }
    }

    /// A frame is about to be drawn, while the player presses this direction: moves the display on to now.
    pub fn show(&mut self, heading: Option<Angle>) {
        self.client.show(heading);
    }

    /// Logs out, and waits until the server has saved and confirmed it. On the way back into the world it stays outside.
    pub async fn log_out(mut self) {
        self.coming.shutdown().await;
        self.client.log_out().await;
    }

    async fn play_to(&mut self, moment: Duration, intent: Intent, events: &mut Vec<PlayerEvent>) {
        match self.client.receive_until(moment).await {
            Ok(told) => {
                for message in told {
                    self.hear(message, events);
                }
            }
            Err(reason) => {
                events.push(PlayerEvent::Lost(reason));
                self.come_back();
            }
        }
        if self.is_connected() && self.setup.clock.now() >= self.client.next_tick() {
            self.client.act(intent);
        }
    }

    fn hear(&mut self, message: ServerMessage, events: &mut Vec<PlayerEvent>) {
        match &message {
            ServerMessage::Travel { grant } => match serde_json::from_str(grant) {
                Ok(grant) => {
                    events.push(PlayerEvent::Travels);
                    self.travel(grant);
                }
                // Nobody can go there; the gateway knows where the character is.
                Err(_) => self.come_back(),
            },
            ServerMessage::Leave { reason } => {
                self.is_over = true;
                events.push(PlayerEvent::Left(*reason));
            }
            _ => events.push(PlayerEvent::Told(message)),
        }
    }

    fn travel(&mut self, grant: EntryGrant) {
        let Some(mut entry) = self.entry.take() else { return };
        let (setup, carried) = (self.setup.clone(), self.client.session().possessions.clone());
        self.coming.spawn(async move {
            let entered = match entry.travel(&grant, &setup, carried).await {
                // The gateway knows where the character is.
                Err(error) if error.may_pass() => enter_again(&mut entry, &setup).await,
                entered => entered,
            };
            (entry, entered)
        });
    }

    fn come_back(&mut self) {
        let Some(mut entry) = self.entry.take() else { return };
        let setup = self.setup.clone();
        self.coming.spawn(async move {
            let entered = enter_again(&mut entry, &setup).await;
            (entry, entered)
        });
    }

    /// Waits for the way in that is being made.
    async fn wait_until(&mut self, moment: Duration, events: &mut Vec<PlayerEvent>) {
        let left = moment.saturating_sub(self.setup.clock.now());
        if self.coming.is_empty() {
            return tokio::time::sleep(left).await;
        }
        let Ok(Some(come)) = tokio::time::timeout(left, self.coming.join_next()).await else { return };
        // The task cannot be aborted but by this player's end.
        let Ok((entry, entered)) = come else { return self.is_over = true };
        self.entry = Some(entry);
        match entered {
            Ok(mut client) => {
                client.open_display();
                self.client = client;
                events.push(PlayerEvent::Entered);
            }
            Err(error) => {
                self.is_over = true;
                events.push(PlayerEvent::GaveUp(error));
            }
        }
    }
}

/// Tries again and again, with longer and longer pauses.
async fn enter_again(entry: &mut Entry, setup: &Setup) -> Result<GameClient, EntryError> {
    let (until, mut pause) = (setup.clock.now() + GIVE_UP_AFTER, FIRST_PAUSE);
    loop {
        match entry.enter(None, setup).await {
            Err(error) if error.may_pass() && setup.clock.now() + pause < until => {
                let asked = error.retry_after().unwrap_or_default();
                tokio::time::sleep(pause.max(asked)).await;
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
            entered => return entered,
        }
    }
}

#[cfg(test)]
mod tests;
