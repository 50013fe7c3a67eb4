//! A crowd that stays where it is looked at: players of the Rust client who walk about a place and use what they can.

use std::time::Duration;

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use realmgate_client::player::{Player, PlayerEvent};
use realmgate_client::session::{Intent, Session};
use realmgate_protocol::limits::MAX_ABILITY_SLOTS;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{AbilityShape, ClientMessage, EntityKind, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};
use serde_json::json;
use tokio::task::JoinSet;

use crate::account::{Account, Character, fresh_name};
use crate::database::{Database, Past};
use crate::map_server::MapServer;

/// What each is: strong enough that the mobs of a field harm nobody.
const LEVEL: u16 = 15;
const EXPERIENCE: u32 = 16_000;
const FULL_HEALTH: u16 = 9_999;
/// How far from the middle they walk, in tiles: what a screen of 1280 × 720 shows, less its edge.
const SPREAD: (i32, i32) = (9, 5);
/// So long somebody does the same.
const AT_IT: Duration = Duration::from_millis(400);
/// One of so many turns is an ability, and one of so many of those a word.
const USES_ONE_IN: u32 = 6;
const SPEAKS_ONE_IN: u32 = 60;

/// Players who are in the world until this is dropped.
#[derive(Debug)]
pub struct Crowd {
    players: JoinSet<Result<()>>,
}

impl Crowd {
    /// Lets so many walk about a point of a map, given in tiles.
    ///
    /// # Errors
    /// When one of them is not let in.
    pub async fn gather(server: &MapServer, count: u16, middle: (f64, f64)) -> Result<Self> {
        let api = server.api();
        let database = Database::open_for_writing(&server.settings.home).await;
        let gateway = format!("ws://{}/ws", server.gateway());
        let middle = Position { x: units(middle.0), y: units(middle.1) };
        let mut players = JoinSet::new();
        for number in 0..count {
            let account = Account::register(&api).await;
            let character = new_character(&account, &api, number).await;
            let mut random = Pcg32::seed_from_u64(u64::from(number));
            let at = scattered(&mut random, middle);
            let soft = json!({
                "map": 1, "x": at.x, "y": at.y, "health": FULL_HEALTH, "resource": 0, "cooldowns": [],
            });
            let past = Past { level: LEVEL, experience: EXPERIENCE, map: 1, soft };
            database.give_past(&character.id, &past).await;
            let entry = Entry::new(&gateway, &account.access_token, &character.id);
            let setup = Setup::new(Clock::start());
            let player = Player::enter(entry, &setup).await.context("one of the crowd was not let in")?;
            players.spawn(walk_about(player, setup.clock, middle, random));
        }
        Ok(Self { players })
    }

    /// How many are in the world.
    pub fn len(&self) -> usize {
        self.players.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.players.is_empty()
    }
}

/// One of the classes in turn.
async fn new_character(account: &Account, api: &crate::Api, number: u16) -> Character {
    let classes = api.get("/character-classes").await.json(200);
    let class = &classes[usize::from(number) % classes.as_array().map_or(1, Vec::len)]["id"];
    let name = fresh_name("Walker ");
    let made = account.calls(api).post("/characters", json!({ "name": name, "class_id": class })).await.json(201);
    Character { id: made["id"].as_str().expect("ids are text").to_owned(), name }
}

async fn walk_about(mut player: Player, clock: Clock, middle: Position, mut random: Pcg32) -> Result<()> {
    loop {
        let goal = scattered(&mut random, middle);
        let (mut intent, word) = next_turn(player.client().session(), goal, &mut random);
        if let Some(text) = word {
            player.ask(&ClientMessage::Chat { text })?;
        }
        let until = clock.now() + AT_IT;
        while clock.now() < until {
            // An ability is used once.
            let events = player.play_until(clock.now() + Duration::from_millis(50), intent).await;
            intent.action = None;
            for event in events {
                match event {
                    PlayerEvent::Told(ServerMessage::Died { .. }) => player.ask(&ClientMessage::Respawn)?,
                    PlayerEvent::Left(reason) => anyhow::bail!("one of the crowd was sent away: {reason:?}"),
                    PlayerEvent::GaveUp(error) => return Err(error).context("one of the crowd has given up"),
                    _ => {}
                }
            }
        }
    }
}

/// Mostly a walk to a goal; sometimes an ability, aimed as it wants to be, or a word.
fn next_turn(session: &Session, goal: Position, random: &mut Pcg32) -> (Intent, Option<String>) {
    let Some(own) = session.position() else { return Default::default() };
    let heading = Some(Angle::between(own, goal));
    if random.random_ratio(1, SPEAKS_ONE_IN) {
        return (Intent { heading, action: None }, Some("Anybody for the barrow tonight?".to_owned()));
    }
    let action = random.random_ratio(1, USES_ONE_IN).then(|| some_ability(session, own, goal, random)).flatten();
    // Who casts stands.
    let heading = heading.filter(|_| action.is_none());
    (Intent { heading, action }, None)
}

fn some_ability(session: &Session, own: Position, goal: Position, random: &mut Pcg32) -> Option<Action> {
    let slot = random.random_range(0..MAX_ABILITY_SLOTS as u8);
    session.may_use(slot).ok()?;
    let index = *session.welcome()?.slots.get(usize::from(slot))?;
    let aim = match session.content.ability(index)?.shape {
        AbilityShape::Own | AbilityShape::Ally => Aim::None,
        AbilityShape::Cone | AbilityShape::Projectile => Aim::Direction(Angle::between(own, goal)),
        AbilityShape::Ground => Aim::Point(goal),
        AbilityShape::Enemy => {
            let is_mob = |kind| kind == Some(EntityKind::Mob);
            Aim::Entity(session.world.entities().find(|(_, entity)| is_mob(entity.kind()))?.0)
        }
    };
    Some(Action::new(slot, aim))
}

fn scattered(random: &mut Pcg32, middle: Position) -> Position {
    let mut off = |tiles: i32| random.random_range(-tiles * UNITS_PER_TILE..=tiles * UNITS_PER_TILE);
    middle.offset(off(SPREAD.0), off(SPREAD.1))
}

fn units(tiles: f64) -> i32 {
    (tiles * f64::from(UNITS_PER_TILE)) as i32
}
