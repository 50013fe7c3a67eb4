//! One bot's life: an account, a character, stays in worlds, and a goodbye.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use realmgate_client::api::{ApiError, Tokens};
use realmgate_client::client::{GameClient, Remains};
use realmgate_client::entry::{Entry, EntryError};
use realmgate_client::gateway::GatewayError;
use realmgate_client::session::{Intent, Possessions};
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::link::{LeaveReason, TravelGrant};
use realmgate_protocol::realm::ServerMessage;

use crate::brain::{Brain, Senses, Temper};
use crate::dump::CharacterRecord;
use crate::fleet::{Fleet, Phase};
use crate::guide::MapGuide;
use crate::tally::{Tally, is_text};

/// Calls of the API that a busy server may turn away before a bot gives up.
const MAX_CALLS: u32 = 40;
/// Times that a bot tries to get back into the world.
const MAX_RETURNS: u32 = 10;
/// An access token this near its end is refreshed before it is used.
const REFRESH_BEFORE: Duration = Duration::from_secs(60);

/// How long a bot stands still before it says goodbye: what it was last told of its place is then the truth.
const STAND_FOR_SNAPSHOTS: u64 = 20;
/// How long it waits for that, and for the answer to a request about what it owns.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);
/// What was said so shortly before going elsewhere may not have been heard.
const UNHEARD_WITHIN: Duration = Duration::from_secs(2);

/// What is left of a bot.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether it was in the world at all.
    pub entered: bool,
    /// Whether it said goodbye properly.
    pub logged_out: bool,
    /// What its character was last told.
    pub record: Option<CharacterRecord>,
}

/// How a stay in a world ended.
enum Ending {
    /// The run is over, or the bot was sent away on purpose.
    Over,
    /// On to another map.
    Travel(Box<TravelGrant>),
    /// The connection was lost, and why.
    Lost(String),
}

/// One bot.
pub struct Bot {
    fleet: Arc<Fleet>,
    name: String,
    rng: Pcg64,
    temper: Temper,
    tally: Arc<Mutex<Tally>>,
    outcome: Outcome,
}

/// An account's log-in, and when it was made.
struct Login {
    tokens: Tokens,
    made_at: Duration,
}

impl Bot {
    /// The bot with this number.
    pub fn new(fleet: Arc<Fleet>, number: u32, name: String, tally: Arc<Mutex<Tally>>) -> Self {
        let rng = Pcg64::seed_from_u64(fleet.options.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number)));
        // Coprime, so that every mixture of the two and of four classes comes up.
        let is_traveller = fleet.options.count == 1 || number % 3 == 1;
        let temper = Temper { is_traveller, is_reckless: number % 5 == 1 };
        Self { fleet, name, rng, temper, tally, outcome: Outcome::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lives until the run ends. Whatever goes wrong is noted, not fatal to the others.
    pub async fn live(mut self, number: u32) -> Outcome {
        if let Err(error) = self.try_to_live(number).await {
            let trouble = format!("{}: {error:#}", self.name);
            tracing::warn!(trouble);
            self.tally().troubles.push(trouble);
        }
        self.fleet.roster.remove(&self.name);
        self.outcome
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_to_live(&mut self, number: u32) -> anyhow::Result<()> {
        let (mut login, mut entry) = self.be_born(number).await?;
        let mut brain = Brain::new(self.rng.clone(), self.temper, self.fleet.now());
        let mut client = Some(self.return_to_world(&mut login, &mut entry).await?);
        self.fleet.roster.add(&self.name);
        while let Some(playing) = client.take() {
            self.tally().tickets = entry.tickets();
            client = match self.stay(playing, &mut brain).await {
                (Ending::Over, _) => None,
                (Ending::Travel(grant), remains) => {
                    Some(self.travel(&mut login, &mut entry, &grant, remains.session.possessions).await?)
                }
                (Ending::Lost(reason), _) => {
                    {
                        let mut tally = self.tally();
                        tally.disconnects += 1;
                        tally.troubles.push(format!("{}: {reason}", self.name));
                    }
                    self.fleet.roster.remove(&self.name);
                    if self.fleet.is_ending() {
                        return Ok(());
                    }
                    let client = self.return_to_world(&mut login, &mut entry).await?;
                    self.fleet.roster.add(&self.name);
                    Some(client)
                }
            };
        }
        Ok(())
    }

    /// An account and a character, of the class that is its turn.
    async fn be_born(&mut self, number: u32) -> anyhow::Result<(Login, Entry)> {
        let _turn = self.fleet.births.acquire().await?;
        let (api, name) = (&self.fleet.api, &self.name);
        let password = format!("{name}-{:016x}", self.rng.random::<u64>());
        let tokens = patiently(|| api.register(name, &password)).await.context("no account")?;
        let made_at = self.fleet.now();
        let class = &self.fleet.classes[number as usize % self.fleet.classes.len()];
        let character =
            patiently(|| api.create_character(&tokens.access_token, name, &class.id)).await.context("no character")?;
        let entry = Entry::new(&self.fleet.gateway_url, &tokens.access_token, &character.id);
        Ok((Login { tokens, made_at }, entry))
    }

    /// Into the world through the gateway; tries again while that can help.
    async fn return_to_world(&self, login: &mut Login, entry: &mut Entry) -> anyhow::Result<GameClient> {
        let mut tries = 0;
        loop {
            tries += 1;
            self.freshen(login, entry).await?;
            let error = match entry.enter(None, &self.fleet.setup).await {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            tracing::debug!(%error, name = self.name, tries, "not in the world");
            if !is_passing(&error) || tries >= MAX_RETURNS || self.fleet.is_ending() {
                return Err(anyhow!(error).context("not in the world"));
            }
            tokio::time::sleep(Duration::from_millis(500) * tries).await;
        }
    }

    async fn travel(
        &self,
        login: &mut Login,
        entry: &mut Entry,
        grant: &TravelGrant,
        carried: Possessions,
    ) -> anyhow::Result<GameClient> {
        match entry.travel(grant, &self.fleet.setup, carried).await {
            Ok(client) => Ok(client),
            Err(error) if is_passing(&error) => {
                self.tally().troubles.push(format!("{}: travelling: {error}", self.name));
                self.return_to_world(login, entry).await
            }
            Err(error) => Err(anyhow!(error).context("did not arrive")),
        }
    }

    /// Gets a new access token when the old one nears its end.
    async fn freshen(&self, login: &mut Login, entry: &mut Entry) -> anyhow::Result<()> {
        let age = self.fleet.now() - login.made_at;
        if age + REFRESH_BEFORE < Duration::from_secs(login.tokens.expires_in) {
            return Ok(());
        }
        let tokens = self.fleet.api.refresh(&login.tokens.refresh_token).await.context("the log-in has ended")?;
        entry.set_access_token(&tokens.access_token);
        *login = Login { tokens, made_at: self.fleet.now() };
        Ok(())
    }

    /// One stay in a world, counted.
    async fn stay(&mut self, mut client: GameClient, brain: &mut Brain) -> (Ending, Remains) {
        let entered_at = self.fleet.now();
        self.outcome.entered = true;
        self.fleet.settled(&self.name);
        let world = client.session().welcome().map(|welcome| (welcome.map, welcome.channel)).unwrap_or_default();
        let map = world.0;
        {
            let mut tally = self.tally();
            tally.joined += 1;
            tally.maps.insert(map.0);
        }
        brain.arrive(entered_at);
        let mut guide = self.fleet.guides.of(map).clone();
        guide.learn(client.session().places());
        let ending = self.play(&mut client, brain, guide, world).await;
        let mut remains = match ending {
            Ending::Over => client.log_out().await,
            Ending::Travel(_) | Ending::Lost(_) => client.close(),
        };
        self.outcome.logged_out = remains.left == Some(LeaveReason::Logout);
        let unsure_loot = u64::from(brain.has_open_pick_up());
        {
            let mut tally = self.tally();
            remains.told.iter().for_each(|message| tally.heard(message, world));
            tally.take(&mut remains, self.fleet.now() - entered_at);
            tally.unsure_loot += unsure_loot;
        }
        self.outcome.record = CharacterRecord::of(&self.name, &remains.session).or(self.outcome.record.take());
        (ending, remains)
    }

    async fn play(
        &self,
        client: &mut GameClient,
        brain: &mut Brain,
        mut guide: MapGuide,
        world: (MapId, ChannelId),
    ) -> Ending {
        // When the last texts were said: a server that lets a player go takes no more requests from it.
        let mut said: Vec<Duration> = Vec::new();
        let mut ending_since = None;
        loop {
            let told = match client.tick().await {
                Ok(told) => told,
                Err(reason) => return Ending::Lost(reason.to_string()),
            };
            let anomalies = client.session_mut().take_anomalies();
            if told.iter().any(|message| matches!(message, ServerMessage::MapLayout { .. })) {
                guide.learn(client.session().places());
            }
            let senses = Senses {
                session: client.session(),
                now: self.fleet.now(),
                guide: &guide,
                roster: &self.fleet.roster,
                name: &self.name,
            };
            let mut ending = None;
            {
                let mut tally = self.tally();
                tally.anomalies.extend(anomalies.into_iter().map(|what| format!("{}: {what}", self.name)));
                for message in &told {
                    tally.heard(message, world);
                    tally.loot += u64::from(brain.hear(message, &senses));
                    ending = ending.or(match message {
                        ServerMessage::Travel { grant } => Some(Ending::Travel(Box::new(grant.clone()))),
                        ServerMessage::Leave { reason } => Some(Ending::Lost(format!("sent away: {reason:?}"))),
                        _ => None,
                    });
                }
            }
            if let Some(ending) = ending {
                self.tally().unsure_chat += said.len() as u64;
                return ending;
            }
            if self.fleet.is_ending() {
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
                // What a bot says is short; it can always be encoded.
                let _ = client.ask(ask);
            }
            client.act(decision.intent);
        }
    }
}

/// Whether trying again can help.
fn is_passing(error: &EntryError) -> bool {
    match error {
        EntryError::Gateway(GatewayError::Refused { code, .. }) => {
            ["MAP_FULL", "MAP_NOT_FOUND", "ALREADY_ONLINE", "MAP_SERVER_UNREACHABLE", "RATE_LIMITED", "INTERNAL"]
                .contains(&code.as_str())
        }
        EntryError::Gateway(_) => true,
        EntryError::Enter(error) => error.is_worth_another_ticket(),
    }
}

/// Calls the API again for as long as it says when to come back.
async fn patiently<T, F: Future<Output = Result<T, ApiError>>>(mut call: impl FnMut() -> F) -> Result<T, ApiError> {
    let mut calls = 0;
    loop {
        calls += 1;
        match call().await {
            Err(error) if calls < MAX_CALLS => match error.retry_after() {
                Some(wait) => tokio::time::sleep(wait.max(Duration::from_millis(50))).await,
                None => return Err(error),
            },
            result => return result,
        }
    }
}

impl Fleet {
    /// Whether bots should say goodbye.
    pub fn is_ending(&self) -> bool {
        *self.phase.borrow() == Phase::Ending
    }
}
