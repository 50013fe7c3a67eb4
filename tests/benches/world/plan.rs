//! How much is measured.

use std::time::Duration;

use realmgate_tests::load::scene::Scenario;

/// The numbers of players that are stepped through.
pub const STEPS: [usize; 12] = [50, 100, 200, 400, 500, 800, 1_600, 2_500, 3_200, 4_000, 4_800, 6_000];

/// How long players play before it counts: a crowd of 1,600 knows itself after five seconds.
pub const SETTLE: Duration = Duration::from_secs(8);

/// How long it counts at most while players hang: after ten seconds of silence the server gives all of them up at once.
const HANG: Duration = Duration::from_secs(8);

/// What to measure, and for how long.
#[derive(Debug)]
pub struct Plan {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The numbers of players.
    pub players: Vec<usize>,
    /// The scenarios of which the most players that are held are sought.
    pub held: Vec<Scenario>,
    /// Whether start, idleness and the like are measured.
    pub small: bool,
    /// Rounds of each.
    pub rounds: usize,
    /// How long players play before it counts.
    pub settle: Duration,
    /// How long it counts.
    pub lasts: Duration,
    /// How long a yardstick is watched.
    pub yardstick: Duration,
}

impl Plan {
    /// All, or the few seconds of `quick`; a choice of scenarios or players leaves out what is not about them.
    pub fn new(quick: bool, scenarios: &[Scenario], players: &[usize]) -> Self {
        let is_whole = scenarios.is_empty() && players.is_empty();
        let or = |given: &[usize], usual: &[usize]| if given.is_empty() { usual.to_vec() } else { given.to_vec() };
        let scenarios = if scenarios.is_empty() { Scenario::ALL.to_vec() } else { scenarios.to_vec() };
        let seconds = Duration::from_secs;
        if quick {
            let (held, players) = (Vec::new(), or(players, &[50, 200]));
            let (settle, lasts, yardstick) = (seconds(5), seconds(3), seconds(2));
            return Self { scenarios, players, held, small: is_whole, rounds: 1, settle, lasts, yardstick };
        }
        let held = if players.is_empty() { scenarios.clone() } else { Vec::new() };
        let players = or(players, &[50, 100, 400, 800, 1_600, 3_200]);
        let (settle, lasts, yardstick) = (SETTLE, seconds(10), seconds(6));
        Self { scenarios, players, held, small: is_whole, rounds: 3, settle, lasts, yardstick }
    }

    /// The same while players hang.
    pub fn of_stalled(mut self) -> Self {
        self.lasts = self.lasts.min(HANG);
        self
    }

    /// The same for what transports cost: 400 players spread, unless others are chosen.
    pub fn of_transports(mut self, scenarios: &[Scenario], players: &[usize]) -> Self {
        if scenarios.is_empty() {
            self.scenarios = vec![Scenario::Spread];
        }
        if players.is_empty() {
            self.players = vec![400];
        }
        self
    }
}
