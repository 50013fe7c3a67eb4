//! One bot's life: logs in, stays in worlds until its time is over, and logs out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::anyhow;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use realmgate_client::client::{GameClient, Remains};
use realmgate_client::session::{Intent, Possessions};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::ServerMessage;

use crate::account::{BotAccount, is_passing};
use crate::brain::{Brain, Senses, Temper};
use crate::crowd::{Crowd, Phase};
use crate::dump::CharacterRecord;
use crate::journal::Entry;
use crate::points_of_interest::PointsOfInterest;
use crate::tally::{Tally, is_text};

/// How many snapshots long a bot stands still before it logs out. Its last received position is then the true one.
const STAND_FOR_SNAPSHOTS: u64 = 20;
/// How long it waits for that, and for the answer to an open pick-up.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);
/// Minimum time between two journal entries that a bot still sees the world.
const NOTE_EVERY: Duration = Duration::from_millis(500);
/// After this long without a snapshot, a bot with `--endure` gives up. It does not wait for the transport to time out.
const BLIND_AFTER: Duration = Duration::from_secs(3);
/// A text that was sent within this time before a travel may not have arrived.
const UNHEARD_WITHIN: Duration = Duration::from_secs(2);

/// The result of a bot's life.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether it ever entered the world.
    pub entered: bool,
    /// Whether it logged out properly.
    pub logged_out: bool,
    /// The last state that the server sent for its character.
    pub record: Option<CharacterRecord>,
}

/// How a stay in a world ended.
enum Ending {
    /// The run is over, or the bot was sent away on purpose.
    Over,
    /// The bot travels to another map or channel.
    Travel(Box<EntryGrant>),
    /// The connection was lost, for this reason.
    Lost(String),
}

/// Tracks when a bot last received a snapshot.
#[derive(Default)]
struct SnapshotWatch {
    snapshots: u64,
    at: Option<Duration>,
    noted_at: Option<Duration>,
}

/// The result of [`SnapshotWatch::look`].
enum Freshness {
    /// Something new, and a journal entry is due.
    New,
    /// Nothing new, or no journal entry is due yet.
    Recent,
    /// Nothing for too long.
    Stale,
}

impl SnapshotWatch {
    fn look(&mut self, snapshots: u64, now: Duration) -> Freshness {
        let last = *self.at.get_or_insert(now);
        if snapshots == self.snapshots {
            return if now - last > BLIND_AFTER { Freshness::Stale } else { Freshness::Recent };
        }
        (self.snapshots, self.at) = (snapshots, Some(now));
        if self.noted_at.is_some_and(|noted| now - noted < NOTE_EVERY) {
            return Freshness::Recent;
        }
        self.noted_at = Some(now);
        Freshness::New
    }
}

/// One bot.
pub struct Bot {
    crowd: Arc<Crowd>,
    number: u32,
    /// Its account's name until it has a character, and then that one's.
    name: String,
    rng: Pcg64,
    temper: Temper,
    tally: Arc<Mutex<Tally>>,
    outcome: Outcome,
}

impl Bot {
    /// The bot with this number.
    pub fn new(crowd: Arc<Crowd>, number: u32, username: String, tally: Arc<Mutex<Tally>>) -> Self {
        let rng = Pcg64::seed_from_u64(crowd.options.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number)));
        // 3, 5 and the four classes are coprime, so that every combination occurs.
        let is_traveller = crowd.options.count == 1 || number % 3 == 1;
        let temper = Temper { is_traveller, is_reckless: number % 5 == 1 };
        Self { crowd, number, name: username, rng, temper, tally, outcome: Outcome::default() }
    }

    /// Lives until the run ends. Errors are noted, and do not affect the other bots.
    pub async fn live(mut self) -> Outcome {
        if let Err(error) = self.try_to_live().await {
            let trouble = format!("{}: {error:#}", self.name);
            tracing::warn!(trouble);
            self.tally().troubles.push(trouble);
        }
        self.crowd.roster.remove(&self.name);
        self.outcome
    }

    fn note(&self, entry: &Entry) {
        self.crowd.journal.note(&self.name, entry);
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_to_live(&mut self) -> anyhow::Result<()> {
        let password = format!("{}-{:016x}", self.name, self.rng.random::<u64>());
        let (mut account, name) = BotAccount::register(&self.crowd, self.number, self.name.clone(), password).await?;
        self.name = name;
        let mut brain = Brain::new(self.rng.clone(), self.temper, self.crowd.now());
        let mut client = Some(account.enter(&self.crowd).await?);
        self.crowd.roster.add(&self.name);
        while let Some(playing) = client.take() {
            self.tally().tickets = account.tickets();
            client = match self.stay(playing, &mut brain).await {
                (Ending::Over, _) => None,
                (Ending::Travel(grant), remains) => {
                    Some(self.travel(&mut account, &grant, remains.session.possessions).await?)
                }
                (Ending::Lost(reason), _) => {
                    {
                        let mut tally = self.tally();
                        tally.disconnects += 1;
                        tally.troubles.push(format!("{}: {reason}", self.name));
                    }
                    self.crowd.roster.remove(&self.name);
                    if self.crowd.is_ending() && !self.crowd.options.endure {
                        return Ok(());
                    }
                    let client = account.enter(&self.crowd).await?;
                    self.crowd.roster.add(&self.name);
                    Some(client)
                }
            };
        }
        Ok(())
    }

    async fn travel(
        &self,
        account: &mut BotAccount,
        grant: &EntryGrant,
        carried: Possessions,
    ) -> anyhow::Result<GameClient> {
        let error = match account.travel(grant, carried).await {
            Ok(client) => return Ok(client),
            Err(error) => anyhow!(error),
        };
        if !self.crowd.options.endure && !is_passing(&error) {
            return Err(error.context("did not arrive"));
        }
        self.tally().troubles.push(format!("{}: travelling: {error:#}", self.name));
        account.enter(&self.crowd).await
    }

    /// One stay in a world, counted.
    async fn stay(&mut self, mut client: GameClient, brain: &mut Brain) -> (Ending, Remains) {
        let entered_at = self.crowd.now();
        self.outcome.entered = true;
        self.crowd.settled(self.number);
        let world = client.session().welcome().map(|welcome| (welcome.map, welcome.channel)).unwrap_or_default();
        let map = world.0;
        {
            let mut tally = self.tally();
            tally.joined += 1;
            tally.maps.insert(map.0);
        }
        self.note(&Entry::In { map: map.0 });
        brain.arrive(entered_at);
        let mut points = self.crowd.maps.of(map).clone();
        points.learn(client.session().places());
        let mut ending = self.play(&mut client, brain, points, world).await;
        let mut remains = match ending {
            Ending::Over => client.log_out().await,
            Ending::Travel(_) | Ending::Lost(_) => client.close(),
        };
        // It was already travelling when it logged out: it has to log out where it arrives.
        if let (Ending::Over, None, Some(grant)) = (&ending, remains.left, remains.told.iter().find_map(granted)) {
            ending = Ending::Travel(Box::new(grant));
        }
        self.outcome.logged_out = remains.left == Some(LeaveReason::Logout);
        remains.told.iter().filter_map(Entry::of).for_each(|entry| self.note(&entry));
        self.note(&match &ending {
            Ending::Over if self.outcome.logged_out => Entry::Left,
            Ending::Over => Entry::Out { why: "the log-out failed".to_owned() },
            Ending::Travel(grant) => Entry::Out { why: format!("on to map {}", grant.map_id) },
            Ending::Lost(why) => Entry::Out { why: why.clone() },
        });
        let unsure_loot = u64::from(brain.has_open_pick_up());
        {
            let mut tally = self.tally();
            remains.told.iter().for_each(|message| tally.heard(message, world));
            tally.take(&mut remains, self.crowd.now() - entered_at);
            tally.unsure_loot += unsure_loot;
        }
        self.outcome.record = CharacterRecord::of(&self.name, &remains.session).or(self.outcome.record.take());
        (ending, remains)
    }

    async fn play(
        &self,
        client: &mut GameClient,
        brain: &mut Brain,
        mut points: PointsOfInterest,
        world: (MapId, ChannelId),
    ) -> Ending {
        // When the last texts were sent: a server takes no more requests from a player that is leaving.
        let mut said: Vec<Duration> = Vec::new();
        let mut ending_since = None;
        let mut snapshots = SnapshotWatch::default();
        loop {
            let told = match client.tick().await {
                Ok(told) => told,
                Err(reason) => return Ending::Lost(reason.to_string()),
            };
            let anomalies = client.session_mut().take_anomalies();
            if told.iter().any(|message| matches!(message, ServerMessage::MapLayout { .. })) {
                points.learn(client.session().places());
            }
            let senses = Senses {
                session: client.session(),
                now: self.crowd.now(),
                points_of_interest: &points,
                roster: &self.crowd.roster,
                name: &self.name,
            };
            told.iter().filter_map(Entry::of).for_each(|entry| self.note(&entry));
            match snapshots.look(senses.session.counters().snapshots, senses.now) {
                Freshness::New => self.note(&Entry::Sees),
                Freshness::Stale if self.crowd.options.endure => return Ending::Lost("no snapshots".to_owned()),
                Freshness::Stale | Freshness::Recent => {}
            }
            let mut ending = None;
            {
                let mut tally = self.tally();
                tally.anomalies.extend(anomalies.into_iter().map(|what| format!("{}: {what}", self.name)));
                for message in &told {
                    tally.heard(message, world);
                    tally.loot += u64::from(brain.hear(message, &senses));
                    ending = ending.or(match message {
                        ServerMessage::Travel { .. } => granted(message).map(|grant| Ending::Travel(Box::new(grant))),
                        ServerMessage::Leave { reason } => Some(Ending::Lost(format!("disconnected: {reason:?}"))),
                        _ => None,
                    });
                }
            }
            if let Some(ending) = ending {
                self.tally().unsure_chat += said.len() as u64;
                return ending;
            }
            if self.crowd.is_ending() {
                let snapshots = senses.session.counters().snapshots;
                let (since, shown) = *ending_since.get_or_insert((senses.now, snapshots));
                let is_settled = snapshots - shown >= STAND_FOR_SNAPSHOTS && !brain.has_open_pick_up();
                if is_settled || senses.now - since > SETTLE_WITHIN {
                    return Ending::Over;
                }
                client.act(Intent::default());
                continue;
            }
            let (now, decision) = (senses.now, brain.decide(&senses));
            said.retain(|at| now - *at < UNHEARD_WITHIN);
            said.extend(decision.asks.iter().filter(|ask| is_text(ask)).map(|_| now));
            for ask in &decision.asks {
                self.tally().asked(ask);
                // A bot's requests are short and can always be encoded.
                let _ = client.ask(ask);
            }
            client.act(decision.intent);
        }
    }
}

/// The grant in a `Travel` message; `None` for other messages, and for one that cannot be read.
fn granted(message: &ServerMessage) -> Option<EntryGrant> {
    match message {
        ServerMessage::Travel { grant } => serde_json::from_str(grant).ok(),
        _ => None,
    }
}

impl Crowd {
    /// Whether bots should log out.
    pub fn is_ending(&self) -> bool {
        *self.phase.borrow() == Phase::Ending
    }
}
