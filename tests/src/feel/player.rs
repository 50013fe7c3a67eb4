//! A scripted player: walks about, and keeps what its screen showed.

use std::time::Duration;

use anyhow::{Context, Result};
use realmgate_client::client::{GameClient, Setup};
use realmgate_client::clock::Clock;
use realmgate_client::display::Point;
use realmgate_client::session::Intent;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Angle;

use super::hits::Striker;
use super::newcomer::{MOST_TICKETS, Newcomer};
use super::truth::Truth;
use super::walk::Walk;

/// Time between two frames of a screen.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// How often who sees the truth looks whether a snapshot has come.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What a screen showed in one frame.
#[derive(Debug, Clone)]
pub struct Picture {
    /// When.
    pub at: Duration,
    /// The own character.
    pub own: Point,
    /// The direction that was pressed.
    pub heading: Option<Angle>,
    /// Other players.
    pub others: Vec<(EntityId, Point)>,
}

/// A player in the world, with a screen.
pub struct Player {
    client: GameClient,
    clock: Clock,
    walk: Walk,
    next_frame: Duration,
    /// Presses abilities, where there is one.
    pub striker: Option<Striker>,
    /// How long entering took.
    pub entered_in: Duration,
}

impl Player {
    /// Enters the world, with as many tickets as it takes.
    ///
    /// # Errors
    /// When the server does not let it in.
    pub async fn enter(newcomer: &mut Newcomer, setup: &Setup, seed: u64) -> Result<Self> {
        let mut grant = newcomer.ticket().await?;
        let (began, mut tickets) = (setup.clock.now(), 1);
        let mut client = loop {
            match GameClient::enter(&grant, setup, None).await {
                Ok(client) => break client,
                Err(error) if error.is_worth_another_ticket() && tickets < MOST_TICKETS => {
                    grant = newcomer.ticket().await?;
                    tickets += 1;
                }
                Err(error) => return Err(error).context("a player could not enter"),
            }
        };
        let entered_in = setup.clock.now() - began;
        client.open_display();
        let next_frame = setup.clock.now();
        let walk = Walk::new(seed);
        Ok(Self { client, clock: setup.clock, walk, next_frame, striker: None, entered_in })
    }

    /// Its entity.
    pub fn entity(&self) -> EntityId {
        self.client.session().welcome().map_or(EntityId(0), |welcome| welcome.entity)
    }

    /// The client.
    pub fn client(&self) -> &GameClient {
        &self.client
    }

    /// Plays until a moment. Keeps every frame in `pictures`, and every snapshot in `truth`, where there is one.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn play(
        &mut self,
        until: Duration,
        pictures: &mut Vec<Picture>,
        mut truth: Option<&mut Truth>,
    ) -> Result<()> {
        while self.clock.now() < until {
            let mut next = self.next_frame.min(self.client.next_tick());
            if truth.is_some() {
                next = next.min(self.clock.now() + LOOK_EVERY);
            }
            let told = self.client.receive_until(next).await.context("a player lost its connection")?;
            if let Some(striker) = &mut self.striker {
                striker.hear(&self.client, &told, self.clock.now());
            }
            if let Some(truth) = &mut truth {
                truth.note(self.client.session(), self.clock.now());
            }
            let now = self.clock.now();
            // As games do: first the keys are read, then what is due is sent, then the frame is drawn.
            let is_frame = now >= self.next_frame;
            if is_frame {
                let session = self.client.session();
                self.walk.frame(session, session.position());
            }
            if now >= self.client.next_tick() {
                let action = self.striker.as_mut().and_then(|striker| striker.act(&self.client, now));
                self.client.act(Intent { heading: self.walk.heading(), action });
            }
            if is_frame {
                self.next_frame += FRAME;
                if self.next_frame < now {
                    // Frames that were missed are not made good.
                    self.next_frame = now + FRAME;
                }
                pictures.extend(self.picture());
            }
        }
        Ok(())
    }

    /// Stands from now on.
    pub fn stand(&mut self) {
        self.walk.stand();
    }

    /// Whether the server has applied a command that is not older than this one.
    pub fn is_applied(&self, command: u32) -> bool {
        self.client.session().world.head().last_command >= command
    }

    /// Logs out.
    pub async fn leave(self) {
        self.client.log_out().await;
    }

    fn picture(&mut self) -> Option<Picture> {
        self.client.show(self.walk.heading());
        let (session, display, own) = (self.client.session(), self.client.display()?, self.entity());
        let others = session.world.entities().filter(|(id, entity)| *id != own && entity.label.is_some());
        let others = others.filter_map(|(id, _)| Some((id, display.place(session, id)?))).collect();
        Some(Picture { at: self.clock.now(), own: display.place(session, own)?, heading: self.walk.heading(), others })
    }
}
