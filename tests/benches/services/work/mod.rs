//! The services, on a sidecar and on the bare server in turn.

mod asking;
mod community;
mod entering;

use anyhow::{Context, Result};
use realmgate_tests::backends::Postgres;

use crate::databases::{Base, durability};
use crate::report::{Comparison, Report};
use crate::rounds::{Plan, Round};
use crate::seed::{self, GATEWAY, Player};
use crate::server::Server;

pub use community::compare as compare_community;

/// Characters of each player who lists them.
const CHARACTERS: usize = 3;

/// A server with its database and everybody in it.
pub struct Side {
    server: Server,
    base: Base,
    is_bare: bool,
    /// Who asks over HTTP.
    players: Vec<Player>,
    /// Who enters the world.
    newcomers: Vec<Player>,
}

impl Side {
    async fn sidecar(cluster: &Postgres, plan: &Plan) -> Result<Self> {
        let base = Base::create(Some(cluster), "bench_ours").await?;
        let server = Server::sidecar(&base).await?;
        Self::with_players(server, base, false, plan).await
    }

    async fn bare(cluster: &Postgres, plan: &Plan) -> Result<Self> {
        let base = Base::create(Some(cluster), "bench_bare").await?;
        let server = Server::bare(&base, entering::echo().await?).await?;
        let side = Self::with_players(server, base, true, plan).await?;
        for newcomer in &side.newcomers {
            // What the sidecar does when a socket opens.
            let update = format!(
                "UPDATE accounts SET lock_owner = 'gateway:{GATEWAY}', lock_session = '{}', lock_epoch = 1 WHERE id = '{}'",
                newcomer.session, newcomer.account
            );
            side.base.execute(update).await?;
        }
        Ok(side)
    }

    async fn with_players(server: Server, base: Base, is_bare: bool, plan: &Plan) -> Result<Self> {
        let players = seed::players(&base, plan.clients, CHARACTERS).await?;
        let newcomers = seed::players(&base, plan.entering, 1).await?;
        base.settle().await?;
        Ok(Self { server, base, is_bare, players, newcomers })
    }
}

/// Measures all of them, on PostgreSQL.
pub async fn compare(plan: &Plan, report: &mut Report) -> Result<()> {
    let cluster = Postgres::start().await?;
    report.line(durability(&cluster).await?);
    let ours = Side::sidecar(&cluster, plan).await?;
    let bare = Side::bare(&cluster, plan).await?;
    let measured = all(plan, &ours, &bare, report).await;
    measured.with_context(|| format!("ours: {}\nbare: {}", ours.server.told(), bare.server.told()))
}

async fn all(plan: &Plan, ours: &Side, bare: &Side, report: &mut Report) -> Result<()> {
    let mut add = |what, (ours, bare): (Vec<Round>, Vec<Round>)| report.compared(Comparison { what, ours, bare });
    add("refresh", in_turn(plan, asking::Refreshing::on(ours), asking::Refreshing::on(bare)).await?);
    add("list characters", in_turn(plan, asking::Listing::on(ours), asking::Listing::on(bare)).await?);
    let (entering, bare_entering) =
        (entering::Entering::on(ours, plan).await?, entering::Entering::on(bare, plan).await?);
    add("enter world", in_turn(plan, entering, bare_entering).await?);
    Ok(())
}

/// A load on one server.
trait Load {
    /// One round of it.
    async fn round(&mut self, plan: &Plan) -> Result<Round>;
}

/// Rounds of both in turn, after one of each that warms up and is not kept.
async fn in_turn(plan: &Plan, mut ours: impl Load, mut bare: impl Load) -> Result<(Vec<Round>, Vec<Round>)> {
    let mut kept = (Vec::new(), Vec::new());
    ours.round(plan).await.context("warming up")?;
    bare.round(plan).await.context("warming up the bare server")?;
    for _ in 0..plan.rounds {
        kept.0.push(ours.round(plan).await?);
        kept.1.push(bare.round(plan).await.context("the bare server")?);
    }
    Ok(kept)
}
