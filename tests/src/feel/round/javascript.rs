//! Players of the JavaScript library on a line.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::join_all;

use super::{BLACKOUT, COMES_BACK_WITHIN, Conditioner, Measured, OBSERVED_BEYOND, Realm, SETTLES_IN, WALKERS};
use crate::conditioner::Profile;
use crate::feel::hits::Agreement;
use crate::feel::javascript::NodePlayer;
use crate::feel::measure::{Figures, judge_all};
use crate::feel::newcomer::Newcomer;
use crate::feel::player::Player;
use crate::feel::truth::Truth;

/// How often each enters and leaves again, before it stays.
const VISITS: usize = 5;

impl Realm<'_> {
    pub(super) async fn measure_javascript(
        &self,
        profile: Profile,
        plays: Duration,
        line: &Conditioner,
    ) -> Result<Measured> {
        let (mut walkers, mut enter) = (Vec::new(), Vec::new());
        let api = format!("http://{}", self.server.api_addr());
        for number in 1..=WALKERS {
            let mut newcomer = Newcomer::new(self.server).await?;
            let mut walker =
                NodePlayer::start(self.carrier, &api, line.address(), self.clock, self.seed + number).await?;
            for _ in 0..VISITS {
                enter.push(walker.visit(&mut newcomer).await?);
            }
            enter.push(walker.enter(&mut newcomer).await?);
            walkers.push(walker);
        }
        enter.sort_unstable();
        // Last: it would fall silent while the others enter.
        let mut observer = self.player(None, 0).await?;
        observer.stand();
        let (figures, mut disconnects) = self.watch_nodes(&mut observer, &mut walkers, plays).await?;
        let hits = self.strike_in_nodes(&mut observer, &mut walkers, plays).await?;
        let (back_after, lost) = self.black_out_nodes(line, &mut observer, &mut walkers).await?;
        disconnects += lost;
        line.mend();
        observer.leave().await;
        for walker in walkers {
            walker.leave().await?;
        }
        Ok(Measured { profile, figures, hits, enter, back_after: Some(back_after), disconnects })
    }

    async fn watch_nodes(
        &self,
        observer: &mut Player,
        walkers: &mut [NodePlayer],
        plays: Duration,
    ) -> Result<(Figures, u32)> {
        let entities: Vec<_> = walkers.iter().map(|walker| walker.entity).collect();
        let from = self.clock.now() + SETTLES_IN;
        let (mut unseen, mut truth) = (Vec::new(), Truth::default());
        let watching = walkers.iter_mut().map(|walker| walker.watch(from, from + plays));
        let (observed, watched) = tokio::join!(
            observer.play(from + plays + OBSERVED_BEYOND, &mut unseen, Some(&mut truth)),
            join_all(watching)
        );
        observed.context("the observer beside the server")?;
        let watched: Vec<_> = watched.into_iter().collect::<Result<_>>()?;
        let disconnects = watched.iter().map(|watched| u32::from(watched.is_over)).sum();
        let screens: Vec<_> = watched.into_iter().map(|watched| (watched.pictures, watched.counted)).collect();
        Ok((judge_all(&screens, &truth, &entities), disconnects))
    }

    /// The walkers walk on, and press abilities where the others are.
    async fn strike_in_nodes(
        &self,
        observer: &mut Player,
        walkers: &mut [NodePlayer],
        plays: Duration,
    ) -> Result<Agreement> {
        let entities: Vec<_> = walkers.iter().map(|walker| walker.entity).collect();
        let until = self.clock.now() + plays;
        let mut unseen = Vec::new();
        let striking = walkers.iter_mut().map(|walker| walker.strike(until, &entities));
        let (observed, uses) = tokio::join!(observer.play(until, &mut unseen, None), join_all(striking));
        observed.context("the observer beside the server")?;
        let ground = observer.client().session().grid().context("the observer has no ground")?;
        let mut agreements = uses.into_iter().map(|uses| Ok(uses?.judge(ground)));
        agreements.try_fold(Agreement::default(), |all, one: Result<Agreement>| Ok(all.and(one?)))
    }

    /// The line is down for a while. How long after that commands are applied again, and how many connections are lost.
    async fn black_out_nodes(
        &self,
        line: &Conditioner,
        observer: &mut Player,
        walkers: &mut [NodePlayer],
    ) -> Result<(Duration, u32)> {
        line.set_down(true);
        let up_at = self.clock.now() + BLACKOUT;
        let coming_back = walkers.iter_mut().map(|walker| walker.come_back(up_at, COMES_BACK_WITHIN));
        let mut unseen = Vec::new();
        let is_up = async {
            let observed = observer.play(up_at, &mut unseen, None).await;
            line.set_down(false);
            observed.context("the observer beside the server")
        };
        let (back, observed) = tokio::join!(join_all(coming_back), is_up);
        observed?;
        let back: Vec<_> = back.into_iter().collect::<Result<_>>()?;
        let lost = back.iter().map(|after| u32::from(after.is_none())).sum();
        let after = back.into_iter().map(|after| after.unwrap_or(COMES_BACK_WITHIN)).max();
        Ok((after.unwrap_or_default(), lost))
    }
}
