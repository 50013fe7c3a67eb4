//! Rounds of the server and of its yardsticks, in turn.

use std::time::Duration;

use anyhow::Result;
use realmgate_tests::load::figures::Figures;
use realmgate_tests::load::round::Round;
use realmgate_tests::load::scene::Scenario;
use realmgate_tests::load::server::Program;
use serde::Serialize;

use crate::machine::SERVER_CORE;
use crate::plan::{Plan, SETTLE, STEPS};
use crate::yardstick::{self, Measured, Sizes, Yardstick};

/// What this program is called with to be a yardstick's server.
pub const YARDSTICK_ROLE: &str = "yardstick";
/// Most clients that stock renetcode takes.
const STOCK_MOST: usize = 1_024;
/// How long so many must be held.
const HELD: Duration = Duration::from_secs(20);

/// A scenario with so many players.
#[derive(Debug, Serialize)]
pub struct Point {
    /// What they do.
    pub scenario: Scenario,
    /// Number of players.
    pub players: usize,
    /// Rounds of the server.
    pub ours: Vec<Figures>,
    /// Rounds of the floor.
    pub floor: Vec<Measured>,
    /// Rounds of the floor of earlier tables.
    pub napping: Vec<Measured>,
    /// Rounds of stock renet and renetcode; none beyond its 1,024 clients.
    pub stock: Vec<Measured>,
    /// Why it was not measured.
    pub failed: Option<String>,
}

/// The most players of a scenario that were held.
#[derive(Debug, Serialize)]
pub struct Held {
    /// What they do.
    pub scenario: Scenario,
    /// The most that were held; 0 for none.
    pub players: usize,
    /// Every step, the last of which was not held unless it is the last of all.
    pub steps: Vec<Figures>,
    /// Why the next step could not be measured at all.
    pub failed: Option<String>,
}

/// Measures one scenario with so many players. What the server cannot do is a result, too.
pub fn point(program: &Program, scenario: Scenario, players: usize, plan: &Plan) -> Result<Point> {
    let mut point =
        Point { scenario, players, ours: vec![], floor: vec![], napping: vec![], stock: vec![], failed: None };
    for _ in 0..plan.rounds {
        let round = Round { settle: plan.settle, lasts: plan.lasts, ..Round::new(program.clone(), scenario, players) };
        let figures = match round.run() {
            Ok(figures) => figures,
            Err(error) => {
                let why = format!("{error:#}");
                point.failed = Some(why.lines().next().unwrap_or_default().to_owned());
                eprintln!("{} {players}: {why}", scenario.name());
                return Ok(point);
            }
        };
        let sizes = Sizes {
            // As one datagram: a server that needs two for it pays for that itself.
            down: ((figures.down_datagram_bytes * figures.down_datagrams) as usize).clamp(32, 1_400),
            up: (figures.up_datagram_bytes as usize).clamp(32, 1_400),
        };
        let beside = |yardstick, players| {
            yardstick::measure(yardstick, YARDSTICK_ROLE, (players, sizes), Some(SERVER_CORE), plan.yardstick)
        };
        point.floor.push(beside(Yardstick::Floor, players)?);
        point.napping.push(beside(Yardstick::Napping, players)?);
        if players <= STOCK_MOST {
            point.stock.push(beside(Yardstick::Stock, players)?);
        }
        point.ours.push(figures);
    }
    Ok(point)
}

/// Steps through the numbers of players until they are not held, twice in a row.
pub fn held(program: &Program, scenario: Scenario) -> Result<Held> {
    let mut held = Held { scenario, players: 0, steps: Vec::new(), failed: None };
    for players in STEPS.into_iter().filter(|players| *players >= 200) {
        let round = Round { settle: SETTLE, lasts: HELD, ..Round::new(program.clone(), scenario, players) };
        let mut is_held = false;
        for _ in 0..2 {
            match round.run() {
                Ok(figures) => {
                    is_held = figures.is_held();
                    held.steps.push(figures);
                    held.failed = None;
                }
                Err(error) => held.failed = Some(format!("{players} players: {error:#}")),
            }
            if is_held {
                break;
            }
        }
        if !is_held {
            break;
        }
        held.players = players;
    }
    Ok(held)
}
