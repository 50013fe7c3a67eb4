//! How soon a user's rank among many records is told: on SQLite, and on PostgreSQL with Redis.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use realmgate_tests::Api;
use realmgate_tests::backends::{Postgres, Redis};
use realmgate_tests::wait::found_within;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::databases::Base;
use crate::exact_timer::ExactTimer;
use crate::http::{Connection, get};
use crate::report::Report;
use crate::rounds::{Latencies, Middle, Plan, Round, measured, together};
use crate::seed::{self, Player};
use crate::server::Server;

/// Users who ask, spread evenly over the board.
const USERS: usize = 64;
/// Records of a block, as after a split.
const BLOCK: usize = 512;
/// The board.
pub const BOARD: &str = "00000000-0000-7000-8000-00000000b0a2";
/// How long Redis may take until it has the board.
const BUILT_WITHIN: Duration = Duration::from_secs(180);

/// What is asked, and the most that its p99 may be on each database.
struct Question {
    what: &'static str,
    bars_ms: Option<(f64, f64)>,
    path: fn(&Player, usize) -> String,
}

const QUESTIONS: [Question; 3] = [
    Question {
        what: "rank",
        bars_ms: Some((20.0, 5.0)),
        path: |_, _| format!("/api/v1/leaderboards/{BOARD}/records/me"),
    },
    Question {
        what: "around a user",
        bars_ms: None,
        path: |player, _| format!("/api/v1/leaderboards/{BOARD}/records/around/{}", player.account),
    },
    Question {
        what: "page in the middle",
        bars_ms: None,
        path: |_, records| format!("/api/v1/leaderboards/{BOARD}/records?page={}", records / 50),
    },
];

/// Measures all questions on both.
pub async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let sqlite = Base::create(None, "ranks").await?;
    measure_on(plan, report, "SQLite", &sqlite).await.context("on SQLite")?;
    let (cluster, redis) = (Postgres::start().await?, Redis::start().await?);
    let postgres = Base::create(Some(&cluster), "bench_ranks").await?.with_redis(redis.url());
    measure_on(plan, report, "PostgreSQL, Redis", &postgres).await.context("on PostgreSQL with Redis")
}

async fn measure_on(plan: &Plan, report: &mut Report, name: &'static str, base: &Base) -> Result<()> {
    let players = seed::players(base, USERS, 0).await?;
    let ranks = fill(base, &players, plan.records).await?;
    let server = Server::sidecar(base).await?;
    check(&server, &players, &ranks).await?;
    let has_redis = name.contains("Redis");
    if has_redis {
        until_indexed(&server, base, &players[0]).await?;
        check(&server, &players, &ranks).await?;
    }
    for question in &QUESTIONS {
        let (mut full, mut half) = (Vec::new(), Vec::new());
        for round in 0..=plan.rounds {
            let most = load(&server, plan, question, &players, None).await?;
            let paced = load(&server, plan, question, &players, Some(most.rate / 2.0)).await?;
            // The first is to warm up.
            if round > 0 {
                full.push(most);
                half.push(paced);
            }
        }
        tell(report, plan, name, question, has_redis, (&full, &half));
    }
    Ok(())
}

fn tell(
    report: &mut Report,
    plan: &Plan,
    name: &str,
    question: &Question,
    has_redis: bool,
    (full, half): (&[Round], &[Round]),
) {
    let Question { what, bars_ms, .. } = question;
    let ms = |figure: fn(&Round) -> u64| Middle::of(half.iter().map(|round| figure(round) as f64 / 1e3));
    let (p50, p99) = (ms(|round| round.p50_us), ms(|round| round.p99_us));
    let rate = Middle::of(full.iter().map(|round| round.rate));
    let bar = bars_ms.map(|(sqlite, postgres)| if has_redis { postgres } else { sqlite });
    let verdict = match bar {
        Some(bar) if p99.median > bar => format!(" **above its bar, {bar} ms**"),
        Some(bar) => format!(" (bar: {bar} ms)"),
        None => String::new(),
    };
    report.part(&format!("ranks: {what}, {name}"), json!({"records": plan.records, "full": full, "half_load": half}));
    report.line(format!(
        "{what} among {} records, {name}: at half load p50 {:.2} ms, p99 **{:.2} ms** ({:.2}–{:.2}){verdict}; at most {:.0} a second ({:.0}–{:.0})",
        plan.records, p50.median, p99.median, p99.least, p99.most, rate.median, rate.least, rate.most,
    ));
}

/// Fills a board: labels, and the players evenly between them. Returns the players' ranks.
pub async fn fill(base: &Base, players: &[Player], records: usize) -> Result<Vec<i64>> {
    let labels = records - players.len();
    base.execute(format!(
        "INSERT INTO leaderboards (id, slug, title, sort_order, operator, created_at_ms, updated_at_ms) \
         VALUES ('{BOARD}', 'bench', 'Bench', 'desc', 'best', 0, 0)"
    ))
    .await?;
    let columns = "id, leaderboard_id, owner, user_id, score, points, tie, created_at_ms, updated_at_ms";
    // Twelve digits are hexadecimal too.
    base.execute(format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {labels}), \
         r (i, digits, score) AS (SELECT i, SUBSTR(CAST(1000000000000 + i AS TEXT), 2), (CAST(i AS BIGINT) * 7919) % 1000003 FROM n) \
         INSERT INTO leaderboard_records ({columns}) \
         SELECT '00000000-0000-7000-8000-' || digits, '{BOARD}', 'label:' || digits, NULL, score, -score, \
                '000000000000000000000070008000' || digits, 0, 0 FROM r"
    ))
    .await?;
    let rows: Vec<String> = players
        .iter()
        .enumerate()
        .map(|(number, player)| {
            let (id, score) = (player.account.uuid(), number * 1_000_003 / players.len());
            let tie = format!("0000000000{}", id.simple());
            format!("('{id}', '{BOARD}', 'user:{id}', '{id}', {score}, -{score}, '{tie}', 0, 0)")
        })
        .collect();
    base.execute(format!("INSERT INTO leaderboard_records ({columns}) VALUES {}", rows.join(", "))).await?;
    base.execute(format!(
        "INSERT INTO leaderboard_blocks (leaderboard_id, points, tie, size) \
         SELECT '{BOARD}', CASE WHEN n = 0 THEN -9223372036854775807 - 1 ELSE points END, \
                CASE WHEN n = 0 THEN '' ELSE tie END, CASE WHEN n + {BLOCK} > {records} THEN {records} - n ELSE {BLOCK} END \
         FROM (SELECT points, tie, ROW_NUMBER() OVER (ORDER BY points, tie) - 1 AS n FROM leaderboard_records) AS numbered \
         WHERE n % {BLOCK} = 0"
    ))
    .await?;
    base.settle().await?;
    let mut ranks = Vec::with_capacity(players.len());
    for player in players {
        let own = format!("(SELECT points, tie FROM leaderboard_records WHERE id = '{}')", player.account);
        let query = format!("SELECT 1 + COUNT(*) FROM leaderboard_records WHERE (points, tie) < {own}");
        ranks.push(base.number(query).await?);
    }
    Ok(ranks)
}

/// Everybody is told their true rank.
async fn check(server: &Server, players: &[Player], ranks: &[i64]) -> Result<()> {
    for (player, rank) in players.iter().zip(ranks) {
        let told = Api::new(server.api).with_token(&player.token);
        let told: Value = told.get(&(QUESTIONS[0].path)(player, 0)).await.json(200);
        ensure!(told["data"]["rank"] == *rank, "rank {rank} is told as {told}{}", server.told());
    }
    Ok(())
}

/// Waits until Redis says where somebody stands.
async fn until_indexed(server: &Server, base: &Base, player: &Player) -> Result<()> {
    let token = base.home.secret("service_token");
    let (metrics, asking) =
        (Api::new(server.directory).with_token(&token), Api::new(server.api).with_token(&player.token));
    let built = found_within(BUILT_WITHIN, async || {
        asking.get(&(QUESTIONS[0].path)(player, 0)).await;
        let figures = metrics.get("/metrics").await.text;
        figures.contains("realmgate_leaderboard_ranks_total{from=\"redis\"}").then_some(())
    });
    built.await.context("Redis has no ranks")
}

/// One round: as fast as all clients can, or at a rate, from when each question is due.
async fn load(
    server: &Server,
    plan: &Plan,
    question: &Question,
    players: &[Player],
    rate: Option<f64>,
) -> Result<Round> {
    let clients = try_join_all((0..plan.clients).map(|_| Connection::open(server.api))).await?;
    let began = Instant::now();
    let until = began + plan.lasts;
    let pause = rate.map(|rate| Duration::from_secs_f64(plan.clients as f64 / rate));
    let load = clients.into_iter().enumerate().map(async |(client, mut connection)| {
        let (mut taken, mut timer) = (Latencies::default(), ExactTimer::new()?);
        let mut due = began + pause.unwrap_or_default().mul_f64(client as f64 / plan.clients as f64);
        for asked in client.. {
            let player = &players[asked * 7 % players.len()];
            let request = get(&(question.path)(player, plan.records), &player.token);
            match pause {
                None => due = Instant::now(),
                Some(pause) => {
                    timer.sleep_until(due).await?;
                    due += pause;
                }
            }
            if due >= until {
                break;
            }
            let from = pause.map_or(due, |pause| due - pause);
            let (status, body) = taken.time_from(from, connection.call(&request)).await?;
            ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(body));
        }
        Ok(taken)
    });
    measured(server, together(load)).await
}
