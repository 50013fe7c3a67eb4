//! What a realtime socket costs in memory, and how soon ten thousand of them are told of something.

mod socket;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::{try_join, try_join_all};
use serde_json::json;
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::databases::Base;
use crate::http::{self, Connection};
use crate::report::Report;
use crate::rounds::{Middle, Plan};
use crate::seed::{self, Player};
use crate::server::Server;
use socket::{Heard, Socket, Told};

/// Sockets that are open before the weighing, so that what is made once is not weighed.
const WARM: usize = 200;
/// Sockets that are opened at the same time.
const AT_ONCE: usize = 32;
/// Members of a lobby.
const MEMBERS: usize = 8;
/// Announcements to all.
const ANNOUNCEMENTS: usize = 20;
/// Lobbies that are told something while all are told of an announcement.
const LOBBIES: usize = 8;
/// How long after each other they are.
const APART: Duration = Duration::from_millis(25);
/// Nothing is told for so long once all that was to be told is told.
const QUIET: Duration = Duration::from_secs(2);
/// All must be told within this, bar or not.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most memory of a socket, in KiB.
const MEMORY_BAR: f64 = 20.0;
/// All sockets are told within this.
const ALL_BAR_MS: f64 = 1_000.0;
/// The p99 of what members of a lobby are told meanwhile.
const LOBBY_BAR_MS: f64 = 50.0;

/// Opens all sockets, weighs the sidecar, and tells them things.
pub async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let base = Base::create(None, "realtime").await?;
    let count = WARM + plan.sockets;
    let mut players = seed::players(&base, count + ANNOUNCEMENTS + 1, 0).await?;
    seed::profiles(&base, &players).await?;
    let hosts = players.split_off(count);
    let lobbies = seed::lobbies(&base, &players, MEMBERS).await?;
    base.settle().await?;
    let server = Server::sidecar(&base).await?;
    let measured = told(&server, &players, &lobbies, &hosts, report).await;
    measured.with_context(|| server.told())
}

async fn told(
    server: &Server,
    players: &[Player],
    lobbies: &[Uuid],
    hosts: &[Player],
    report: &mut Report,
) -> Result<()> {
    let (tell, mut heard) = unbounded_channel();
    let timed = Timed::start()?;
    open(server, &players[..WARM], lobbies, 0, &timed, &tell).await?;
    quiet(&mut heard).await;
    let before = server.resident()?;
    open(server, &players[WARM..], lobbies, WARM, &timed, &tell).await?;
    quiet(&mut heard).await;
    let after = server.resident()?;
    let kib = after.saturating_sub(before) as f64 / 1_024.0 / (players.len() - WARM) as f64;

    let (mut all_ms, mut lobby_ms, mut call_ms) = (Vec::new(), Vec::new(), Vec::new());
    for (number, host) in hosts.iter().enumerate() {
        let round = announce(server, players, host, number, &mut heard).await?;
        // The first is to warm up.
        if number > 0 {
            all_ms.push(round.last);
            lobby_ms.extend(round.members);
            call_ms.extend(round.calls);
        }
        quiet(&mut heard).await;
    }
    let in_ms = |taken: Vec<Duration>| {
        let mut ms: Vec<f64> = taken.into_iter().map(|time| time.as_secs_f64() * 1e3).collect();
        ms.sort_unstable_by(f64::total_cmp);
        ms
    };
    let (all_ms, lobby_ms, call_ms) = (Middle::of(in_ms(all_ms)), in_ms(lobby_ms), in_ms(call_ms));
    let quantile = |ms: &[f64], of_100: usize| ms[(ms.len() * of_100 / 100).min(ms.len() - 1)];
    let (p50, p99) = (quantile(&lobby_ms, 50), quantile(&lobby_ms, 99));
    let (call_p50, call_p99) = (quantile(&call_ms, 50), quantile(&call_ms, 99));
    let verdict = |is_above: bool| if is_above { ", **above it**" } else { "" };
    report.part(
        "realtime",
        json!({"sockets": players.len(), "kib": kib, "all_ms": all_ms, "lobby_ms": lobby_ms, "call_ms": call_ms}),
    );
    report.line(format!(
        "{} realtime sockets, each joined to its user, its lobby of {MEMBERS} and the list of lobbies: **{kib:.1} KiB** of resident memory each (bar: \
         {MEMORY_BAR} KiB{}). All are told of a new lobby within **{:.0} ms** ({:.0}–{:.0}; bar: {ALL_BAR_MS} ms{}), counted from the call that made it; \
         what a member changes at the same time is told in its lobby after p50 {p50:.1} ms, p99 **{p99:.1} ms** (bar: {LOBBY_BAR_MS} ms{}), \
         and the call that changes it is answered after p50 {call_p50:.1} ms, p99 {call_p99:.1} ms.",
        players.len(),
        verdict(kib > MEMORY_BAR),
        all_ms.median,
        all_ms.least,
        all_ms.most,
        verdict(all_ms.median > ALL_BAR_MS),
        verdict(p99 > LOBBY_BAR_MS),
    ));
    Ok(())
}

/// A thread of their own for the sockets that are timed: how long the load takes to read the other ten thousand is not the server's.
struct Timed(Option<Runtime>);

impl Timed {
    fn start() -> Result<Self> {
        Ok(Self(Some(runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)))
    }

    /// Where the socket of the player with this number is opened and read.
    fn place_of(&self, socket: usize) -> Handle {
        match &self.0 {
            Some(own) if told_lobby(socket).is_some() => own.handle().clone(),
            Some(_) | None => Handle::current(),
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        // One that waited for its tasks could not be dropped among other tasks.
        if let Some(own) = self.0.take() {
            own.shutdown_background();
        }
    }
}

/// The player, by its number, who changes something in a lobby that is told meanwhile.
fn changing(lobby: usize) -> usize {
    lobby * MEMBERS * 7
}

/// Which of the lobbies that are told something meanwhile this socket is in.
fn told_lobby(socket: usize) -> Option<usize> {
    (0..LOBBIES).find(|lobby| (changing(*lobby)..changing(*lobby) + MEMBERS).contains(&socket))
}

/// How soon those who were to be told of something were.
struct Round {
    /// The last of all.
    last: Duration,
    /// Each member of a lobby in which something was changed.
    members: Vec<Duration>,
    /// The calls that changed it.
    calls: Vec<Duration>,
}

/// Opens sockets of these players, the first of whom has this number.
async fn open(
    server: &Server,
    players: &[Player],
    lobbies: &[Uuid],
    first: usize,
    timed: &Timed,
    tell: &UnboundedSender<Heard>,
) -> Result<()> {
    let numbered: Vec<(usize, &Player)> = (first..).zip(players).collect();
    for some in numbered.chunks(AT_ONCE) {
        try_join_all(some.iter().map(async |&(number, player)| {
            let (user, lobby) = (format!("user:{}", player.account), format!("lobby:{}", lobbies[number]));
            let (api, token, place) = (server.api, player.token.clone(), timed.place_of(number));
            let opening = async move { Socket::open(api, &token, &[user, lobby, "lobbies".to_owned()]).await };
            let socket = place.spawn(opening).await??;
            let tell = tell.clone();
            place.spawn(async move {
                if let Err(error) = socket.listen(number, tell).await {
                    eprintln!("socket {number}: {error:#}");
                }
            });
            anyhow::Ok(())
        }))
        .await?;
    }
    Ok(())
}

/// All are told of a new lobby, and those of some lobbies of something else.
async fn announce(
    server: &Server,
    players: &[Player],
    host: &Player,
    number: usize,
    heard: &mut UnboundedReceiver<Heard>,
) -> Result<Round> {
    let (mut host_line, mut line) = (Connection::open(server.api).await?, Connection::open(server.api).await?);
    let began = Instant::now();
    let create = async {
        let request = http::send_as("POST", "/api/v1/lobbies", &host.token, r#"{"title":"Bench"}"#);
        let (status, body) = host_line.call(&request).await?;
        ensure!(status == 201 || status == 200, "{status}: {}", String::from_utf8_lossy(body));
        Ok(())
    };
    let change = async {
        let (mut begun, mut calls) = (Vec::new(), Vec::new());
        for lobby in 0..LOBBIES {
            sleep(APART).await;
            let player = &players[changing(lobby)];
            let body = format!(r#"{{"display_name":"Bench {number}"}}"#);
            let call_began = Instant::now();
            begun.push(call_began);
            let request = http::send_as("PATCH", "/api/v1/me/display_name", &player.token, &body);
            let (status, body) = line.call(&request).await?;
            ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(body));
            calls.push(call_began.elapsed());
        }
        Ok((begun, calls))
    };
    let ((), (begun, calls)) = try_join(create, change).await?;
    let (mut all, mut members, mut last) = (0, Vec::new(), began);
    while all < players.len() || members.len() < LOBBIES * MEMBERS {
        let next = timeout(PATIENCE, heard.recv()).await.ok().flatten();
        let missing = || format!("{all} of {} were told of it, {} members", players.len(), members.len());
        let (told, socket, at) = next.with_context(missing)?;
        match told {
            Told::Created => {
                all += 1;
                last = last.max(at);
            }
            Told::Member => {
                let lobby =
                    told_lobby(socket).with_context(|| format!("socket {socket} was told of a change elsewhere"))?;
                members.push(at - begun[lobby]);
            }
        }
    }
    Ok(Round { last: last - began, members, calls })
}

/// Waits until nothing is told any more.
async fn quiet(heard: &mut UnboundedReceiver<Heard>) {
    while timeout(QUIET, heard.recv()).await.is_ok() {}
}
