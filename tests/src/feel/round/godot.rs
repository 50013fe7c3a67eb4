//! Players of the add-on for Godot on a line.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{Conditioner, Measured, OBSERVED_BEYOND, Realm, SETTLES_IN, WALKERS};
use crate::conditioner::Profile;
use crate::feel::godot::GodotPlayer;
use crate::feel::hits::{Agreement, Striker};
use crate::feel::measure::judge_all;
use crate::feel::player::Player;
use crate::feel::truth::Truth;
use crate::godot::Godot;

/// How often keys are pressed.
const KEYS_EVERY: Duration = Duration::from_millis(4);

impl Realm<'_> {
    /// They make accounts and enter by themselves; how long that takes includes the gateway. How long the way back takes after a
    /// blackout is not measured.
    pub(super) async fn measure_godot(
        &self,
        profile: Profile,
        plays: Duration,
        line: &Conditioner,
        godot: &Godot,
    ) -> Result<Measured> {
        let api = format!("http://{}", self.server.api_addr());
        let mut walkers = Vec::new();
        for number in 1..=WALKERS {
            walkers.push(GodotPlayer::enter(godot, &api, line.address(), self.clock, self.seed + number).await?);
        }
        let mut enter: Vec<_> = walkers.iter().flat_map(GodotPlayer::entered_in).collect();
        enter.sort_unstable();
        let entities: Vec<_> = walkers.iter().map(|walker| walker.entity).collect();
        // Nobody plays it while a Godot starts.
        let mut observer = self.player(None, 0).await?;
        observer.stand();
        let from = self.clock.now() + SETTLES_IN;
        let until = from + plays;
        let mut truth = Truth::default();
        self.press_keys(&mut observer, &mut walkers, until + OBSERVED_BEYOND, &mut truth).await?;
        for (walker, seed) in walkers.iter_mut().zip(self.seed..) {
            let own = walker.entity;
            let others = entities.iter().copied().filter(|entity| *entity != own).collect();
            walker.striker = Some(Striker::new(others, seed));
        }
        let struck = self.clock.now() + plays;
        self.press_keys(&mut observer, &mut walkers, struck, &mut Truth::default()).await?;
        line.mend();
        observer.leave().await;
        let (mut screens, mut disconnects, mut hits) = (Vec::new(), 0, Agreement::default());
        for mut walker in walkers {
            hits = walker.striker.take().map_or(hits, |striker| hits.and(striker.judge.agreement()));
            let watched = walker.leave(from, until).await?;
            disconnects += u32::from(watched.is_over);
            screens.push((watched.pictures, watched.counted));
        }
        let figures = judge_all(&screens, &truth, &entities);
        Ok(Measured { profile, figures, hits, enter, back_after: None, disconnects })
    }

    /// Presses the keys of all until a moment, while the observer watches.
    async fn press_keys(
        &self,
        observer: &mut Player,
        walkers: &mut [GodotPlayer],
        until: Duration,
        truth: &mut Truth,
    ) -> Result<()> {
        let mut unseen = Vec::new();
        while self.clock.now() < until {
            let moment = self.clock.now() + KEYS_EVERY;
            observer.play(moment, &mut unseen, Some(&mut *truth)).await.context("the observer beside the server")?;
            for walker in &mut *walkers {
                walker.press(observer.client().session(), self.clock.now()).await?;
            }
        }
        Ok(())
    }
}
