//! What goes on around the worlds: log-ins by a device, one's own account, lobbies, a leaderboard and its scores.

use anyhow::{Context, Result, ensure};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use realmgate_tests::backends::Postgres;
use tokio::time::Instant;

use super::asking::asked;
use super::{Load, Side, in_turn};
use crate::databases::durability;
use crate::http::{self, Connection};
use crate::ranks::{self, BOARD};
use crate::report::{Comparison, Report};
use crate::rounds::{Latencies, Plan, Round, measured, together};
use crate::seed::{self, Player};

/// Accounts that devices open, for each client: none is opened so often that its oldest log-ins are ended.
const DEVICES_PER_CLIENT: usize = 500;
/// Lobbies in the list.
const LOBBIES: usize = 200;
/// Records of the leaderboard.
const RECORDS: usize = 10_000;
/// Scores are below this.
const MOST_SCORE: i64 = 1_000_003;

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
    let (mut devices, mut bare_devices) = (fill(ours, plan).await?, fill(bare, plan).await?);
    let (rest, bare_rest) = (devices.split_off(LOBBIES), bare_devices.split_off(LOBBIES));
    add("device log-in", in_turn(plan, Devices::on(ours, rest), Devices::on(bare, bare_rest)).await?);
    add("refresh that stays", in_turn(plan, Asking::refreshing(ours), Asking::refreshing(bare)).await?);
    for (what, path) in [
        ("`/me`", "/api/v1/me".to_owned()),
        ("lobby list", "/api/v1/lobbies".to_owned()),
        ("board page", format!("/api/v1/leaderboards/{BOARD}/records")),
    ] {
        add(what, in_turn(plan, Asking::reading(ours, &path), Asking::reading(bare, &path)).await?);
    }
    add("score", in_turn(plan, Scores(ours), Scores(bare)).await?);
    Ok(())
}

/// Lobbies and a leaderboard, and accounts that devices open. Those who ask are administrators.
async fn fill(side: &Side, plan: &Plan) -> Result<Vec<Player>> {
    let base = &side.base;
    seed::profiles(base, &side.players).await?;
    base.execute("UPDATE sessions SET rotates = 0".to_owned()).await?;
    for player in &side.players {
        base.execute(format!("UPDATE accounts SET role = 'admin' WHERE id = '{}'", player.account)).await?;
    }
    let devices = seed::players(base, LOBBIES + plan.clients * DEVICES_PER_CLIENT, 0).await?;
    seed::profiles(base, &devices).await?;
    seed::lobbies(base, &devices[..LOBBIES], 1).await?;
    ranks::fill(base, &side.players, RECORDS).await?;
    base.execute(format!("UPDATE leaderboards SET operator = 'set' WHERE id = '{BOARD}'")).await?;
    Ok(devices)
}

/// Devices that log in, each in its turn.
struct Devices<'a> {
    side: &'a Side,
    /// The devices of each client.
    requests: Vec<Vec<String>>,
    /// How many log-ins each client has made.
    made: Vec<usize>,
}

impl<'a> Devices<'a> {
    fn on(side: &'a Side, devices: Vec<Player>) -> Self {
        let request = |player: &Player| {
            http::post("/api/v1/login/device", &format!(r#"{{"device_id":"{}"}}"#, seed::device(player)))
        };
        let requests: Vec<Vec<String>> =
            devices.chunks(DEVICES_PER_CLIENT).map(|some| some.iter().map(request).collect()).collect();
        Self { side, made: vec![0; requests.len()], requests }
    }
}

impl Load for Devices<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let until = Instant::now() + plan.lasts;
        let server = &self.side.server;
        let clients = self.requests.iter().zip(&mut self.made).map(async |(requests, made)| {
            let (mut connection, mut latencies) = (Connection::open(server.api).await?, Latencies::default());
            while Instant::now() < until {
                asked(&mut connection, &requests[*made % requests.len()], &mut latencies).await?;
                *made += 1;
            }
            anyhow::Ok(latencies)
        });
        measured(server, together(clients)).await
    }
}

/// Players who ask the same again and again.
struct Asking<'a> {
    side: &'a Side,
    requests: Vec<String>,
}

impl<'a> Asking<'a> {
    fn reading(side: &'a Side, path: &str) -> Self {
        Self { side, requests: side.players.iter().map(|player| http::get(path, &player.token)).collect() }
    }

    fn refreshing(side: &'a Side) -> Self {
        let request =
            |player: &Player| http::post("/api/v1/refresh", &format!(r#"{{"refresh_token":"{}"}}"#, player.refresh));
        Self { side, requests: side.players.iter().map(request).collect() }
    }
}

impl Load for Asking<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let until = Instant::now() + plan.lasts;
        let server = &self.side.server;
        let clients = self.requests.iter().map(async |request| {
            let (mut connection, mut latencies) = (Connection::open(server.api).await?, Latencies::default());
            while Instant::now() < until {
                let body = asked(&mut connection, request, &mut latencies).await?;
                ensure!(body.len() > 100, "an empty answer: {}", String::from_utf8_lossy(body));
            }
            anyhow::Ok(latencies)
        });
        measured(server, together(clients)).await
    }
}

/// Scores that administrators submit: each moves its record.
struct Scores<'a>(&'a Side);

impl Load for Scores<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let until = Instant::now() + plan.lasts;
        let server = &self.0.server;
        let path = format!("/api/v1/admin/leaderboards/{BOARD}/records");
        let clients = self.0.players.iter().zip(0..).map(async |(player, client)| {
            let (mut connection, mut latencies) = (Connection::open(server.api).await?, Latencies::default());
            let mut random = Pcg64Mcg::seed_from_u64(client);
            while Instant::now() < until {
                let score = random.random_range(0..MOST_SCORE);
                let body = format!(r#"{{"score":{score},"user_id":"{}"}}"#, player.account);
                asked(&mut connection, &http::send_as("POST", &path, &player.token, &body), &mut latencies).await?;
            }
            anyhow::Ok(latencies)
        });
        measured(server, together(clients)).await
    }
}
