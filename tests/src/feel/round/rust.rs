//! Players of the Rust library on a line.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use realmgate_client::client::{GameClient, Setup};
use realmgate_client::display::DisplayCounters;

use super::{ACCEPT_WITHIN, BLACKOUT, COMES_BACK_WITHIN, Conditioner, Measured, Realm, SETTLES_IN, WALKERS};
use crate::conditioner::Profile;
use crate::feel::hits::{Agreement, Striker};
use crate::feel::measure::{Counted, Figures, judge_all};
use crate::feel::newcomer::Newcomer;
use crate::feel::player::{Picture, Player};
use crate::feel::truth::Truth;

/// How often one player enters, beside those who walk.
const ENTRIES: usize = 10;

impl Realm<'_> {
    pub(super) async fn measure_rust(&self, profile: Profile, plays: Duration, line: &Conditioner) -> Result<Measured> {
        // Before the others are there, who would fall silent meanwhile.
        let mut enter = self.enter_again_and_again(line.address()).await?;
        let mut observer = self.player(None, 0).await?;
        observer.stand();
        let mut walkers = Vec::new();
        for number in 1..=WALKERS {
            walkers.push(self.player(Some(line.address()), number).await?);
        }
        enter.extend(walkers.iter().map(|walker| walker.entered_in));
        enter.sort_unstable();
        let (figures, mut disconnects) = self.walk(&mut observer, &mut walkers, plays).await?;
        let hits = self.strike(&mut observer, &mut walkers, plays).await?;
        let (back_after, lost) = self.black_out(line, &mut walkers).await;
        disconnects += lost;
        line.mend();
        observer.leave().await;
        for walker in walkers {
            walker.leave().await;
        }
        Ok(Measured { profile, figures, hits, enter, back_after: Some(back_after), disconnects })
    }

    /// One player enters and leaves several times: how long entering took each time.
    async fn enter_again_and_again(&self, through: SocketAddr) -> Result<Vec<Duration>> {
        let mut newcomer = Newcomer::new(self.server).await?;
        let carrier = self.carrier;
        let setup =
            Setup { through: Some(through), carrier, accept_within: Some(ACCEPT_WITHIN), ..Setup::new(self.clock) };
        let mut took = Vec::new();
        for _ in 0..ENTRIES {
            let player = Player::enter(&mut newcomer, &setup, self.seed).await?;
            took.push(player.entered_in);
            player.leave().await;
        }
        Ok(took)
    }

    async fn walk(&self, observer: &mut Player, walkers: &mut [Player], plays: Duration) -> Result<(Figures, u32)> {
        let settled = self.clock.now() + SETTLES_IN;
        self.all_play(observer, walkers, settled, &mut Truth::default()).await?;
        let before: Vec<Counters> = walkers.iter().map(Counters::of).collect();
        let mut truth = Truth::default();
        let until = self.clock.now() + plays;
        let screens = self.all_play(observer, walkers, until, &mut truth).await?;
        let entities: Vec<_> = walkers.iter().map(Player::entity).collect();
        let disconnects = walkers.iter().map(|walker| u32::from(walker.client().is_over())).sum();
        let counted = walkers.iter().zip(before).map(|(walker, before)| Counters::of(walker).since(before, plays));
        let screens: Vec<_> = screens.into_iter().zip(counted).collect();
        Ok((judge_all(&screens, &truth, &entities), disconnects))
    }

    /// The walkers walk on, and press abilities where the others are.
    async fn strike(&self, observer: &mut Player, walkers: &mut [Player], plays: Duration) -> Result<Agreement> {
        let entities: Vec<_> = walkers.iter().map(Player::entity).collect();
        for (walker, seed) in walkers.iter_mut().zip(self.seed..) {
            let own = walker.entity();
            let others = entities.iter().copied().filter(|entity| *entity != own).collect();
            walker.striker = Some(Striker::new(others, seed));
        }
        self.all_play(observer, walkers, self.clock.now() + plays, &mut Truth::default()).await?;
        let strikers = walkers.iter_mut().filter_map(|walker| walker.striker.take());
        Ok(strikers.map(|striker| striker.judge.agreement()).fold(Agreement::default(), Agreement::and))
    }

    /// Everybody plays at once; the pictures of the walkers.
    async fn all_play(
        &self,
        observer: &mut Player,
        walkers: &mut [Player],
        until: Duration,
        truth: &mut Truth,
    ) -> Result<Vec<Vec<Picture>>> {
        let mut unseen = Vec::new();
        let playing = walkers.iter_mut().map(|walker| async move {
            let mut pictures = Vec::new();
            // One that loses its connection is counted, and its pictures until then.
            let _ = walker.play(until, &mut pictures, None).await;
            pictures
        });
        let (observed, screens) =
            tokio::join!(observer.play(until, &mut unseen, Some(truth)), futures_util::future::join_all(playing));
        observed.context("the observer beside the server")?;
        Ok(screens)
    }

    /// The line is down for a while. How long after that commands are applied again, and how many connections are lost.
    async fn black_out(&self, line: &Conditioner, walkers: &mut [Player]) -> (Duration, u32) {
        line.set_down(true);
        let up_at = self.clock.now() + BLACKOUT;
        let playing = walkers.iter_mut().map(|walker| async move {
            let _ = walker.play(up_at, &mut Vec::new(), None).await;
        });
        futures_util::future::join_all(playing).await;
        line.set_down(false);
        let up_at = self.clock.now();
        let clock = self.clock;
        let coming_back = walkers.iter_mut().map(|walker| async move {
            let command = walker.client().session().commands_issued() + 1;
            while !walker.is_applied(command) && clock.now() < up_at + COMES_BACK_WITHIN {
                if walker.play(clock.now() + Duration::from_millis(5), &mut Vec::new(), None).await.is_err() {
                    return (COMES_BACK_WITHIN, 1);
                }
            }
            (clock.now() - up_at, 0)
        });
        let back = futures_util::future::join_all(coming_back).await;
        (back.iter().map(|(after, _)| *after).max().unwrap_or_default(), back.iter().map(|(_, lost)| *lost).sum())
    }
}

/// What a client has counted so far.
struct Counters {
    corrections: (u64, u64),
    display: DisplayCounters,
}

impl Counters {
    fn of(player: &Player) -> Self {
        let client: &GameClient = player.client();
        let (session, display) = (client.session(), client.display());
        Self {
            corrections: (session.corrections(), session.corrected_units()),
            display: display.map(|display| display.counters()).unwrap_or_default(),
        }
    }

    fn since(self, before: Self, passed: Duration) -> Counted {
        let (display, was) = (self.display, before.display);
        Counted {
            corrections: (self.corrections.0 - before.corrections.0, self.corrections.1 - before.corrections.1),
            display: DisplayCounters {
                frames: display.frames - was.frames,
                visible_corrections: display.visible_corrections - was.visible_corrections,
            },
            minutes: passed.as_secs_f64() / 60.0,
        }
    }
}
