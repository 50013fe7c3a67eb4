//! Players of the JavaScript library: each in a process of Node, which reads what to do line by line
//! (`clients/js/test/feel.mjs`). Over WebTransport it plays in Chromium, since Node has none.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use realmgate_client::clock::Clock;
use realmgate_client::display::{DisplayCounters, Point};
use realmgate_client::transport::Carrier;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, CollisionGrid, Position};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::hits::{Agreement, Judge, PRESS_EVERY, Press, RADIUS};
use super::measure::{Counted, Watched};
use super::newcomer::{MOST_TICKETS, Newcomer};
use super::player::Picture;
use crate::node;

/// What it runs, of `clients/js/test`.
const SCRIPT: &str = "feel.mjs";
/// How long a process may take to answer, beyond what it was told to wait.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often its clock is asked for. The answer that came fastest is the one that is believed.
const CLOCK_READINGS: usize = 32;

/// A player in a process of its own.
#[derive(Debug)]
pub struct NodePlayer {
    /// Ended with its value.
    _process: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    carrier: Carrier,
    /// The bad line.
    through: SocketAddr,
    clock: Clock,
    /// What its clock shows when ours shows 0, in milliseconds.
    zero_ms: f64,
    /// Its entity, once it is in the world.
    pub entity: EntityId,
}

impl NodePlayer {
    /// Starts a process that plays through a bad line: in Chromium over WebTransport, on a page of this API's origin, else in
    /// Node over a WebSocket.
    ///
    /// # Errors
    /// When there is no Node, or no Chromium where it is needed.
    pub async fn start(carrier: Carrier, api: &str, through: SocketAddr, clock: Clock, seed: u64) -> Result<Self> {
        let mut node = node::script(SCRIPT);
        node.arg(seed.to_string());
        if carrier == Carrier::WebTransport {
            node.arg(api);
        }
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = node.spawn().context("Node 20 (node) could not be started")?;
        let to = process.stdin.take().context("the process has no standard input")?;
        let from = process.stdout.take().context("the process has no standard output")?;
        let from = BufReader::new(from).lines();
        let (zero_ms, entity) = (0.0, EntityId(0));
        let mut player = Self { _process: process, to, from, carrier, through, clock, zero_ms, entity };
        player.read_clock().await?;
        Ok(player)
    }

    /// Enters the world, and walks about from then on. How long entering took.
    ///
    /// # Errors
    /// When the player does not get in.
    pub async fn enter(&mut self, newcomer: &mut Newcomer) -> Result<Duration> {
        let (entity, took) = self.ask_to_enter("enter", newcomer).await?;
        self.entity = entity;
        Ok(took)
    }

    /// Enters the world, and logs out at once. How long entering took.
    ///
    /// # Errors
    /// When the player does not get in.
    pub async fn visit(&mut self, newcomer: &mut Newcomer) -> Result<Duration> {
        Ok(self.ask_to_enter("visit", newcomer).await?.1)
    }

    /// Its entity, and how long it took with all tickets that it tried.
    async fn ask_to_enter(&mut self, ask: &str, newcomer: &mut Newcomer) -> Result<(EntityId, Duration)> {
        let transport = if self.carrier == Carrier::WebTransport { "webtransport" } else { "websocket" };
        let mut took = Duration::ZERO;
        for _ in 0..MOST_TICKETS {
            let (mut grant, through) = (newcomer.ticket().await?, self.through);
            grant.map_ws_url = grant.map_ws_url.map(|url| through_line(&url, through));
            grant.map_wt_url = grant.map_wt_url.map(|url| through_line(&url, through));
            let asked = json!({ "ask": ask, "grant": grant, "transport": transport });
            let tried: Tried = self.ask(&asked, Duration::ZERO).await?;
            took += Duration::from_secs_f64(tried.took_ms / 1_000.0);
            if let Some(entity) = tried.entity {
                return Ok((EntityId(entity), took));
            }
        }
        bail!("a player could not enter with {MOST_TICKETS} tickets")
    }

    /// Keeps what its screen shows between two moments. The player walks before and after as well.
    ///
    /// # Errors
    /// When the process does not answer.
    pub async fn watch(&mut self, from: Duration, until: Duration) -> Result<Watched> {
        let asked = json!({ "ask": "watch", "from": self.to_its_clock(from), "until": self.to_its_clock(until) });
        let saw: Saw = self.ask(&asked, until.saturating_sub(self.clock.now())).await?;
        let (before, after) = (saw.before, saw.after);
        let counted = Counted {
            corrections: (after.corrections - before.corrections, after.corrected_units - before.corrected_units),
            display: DisplayCounters {
                frames: after.frames - before.frames,
                visible_corrections: after.visible_corrections - before.visible_corrections,
            },
            minutes: (until - from).as_secs_f64() / 60.0,
        };
        let pictures = saw.pictures.into_iter().map(|frame| frame.picture(self.zero_ms)).collect();
        Ok(Watched { pictures, counted, is_over: saw.is_over })
    }

    /// Walks on, and presses abilities near these others until a moment. What it pressed, and what the server said of it.
    ///
    /// # Errors
    /// When the process does not answer.
    pub async fn strike(&mut self, until: Duration, targets: &[EntityId]) -> Result<Uses> {
        let targets: Vec<u32> = targets.iter().filter(|id| **id != self.entity).map(|id| id.0).collect();
        let asked = json!({
            "ask": "strike", "until": self.to_its_clock(until), "targets": targets, "everyMs": PRESS_EVERY.as_millis(),
            "radius": RADIUS,
        });
        self.ask(&asked, until.saturating_sub(self.clock.now())).await
    }

    /// Walks on over a line that is down until a moment. How long after it the server applied a command that was issued after it:
    /// `within` where it has not by then, `None` where the connection has ended.
    ///
    /// # Errors
    /// When the process does not answer.
    pub async fn come_back(&mut self, up_at: Duration, within: Duration) -> Result<Option<Duration>> {
        let asked = json!({ "ask": "comeBack", "from": self.to_its_clock(up_at), "withinMs": within.as_millis() });
        let waits = up_at.saturating_sub(self.clock.now()) + within;
        let CameBack { after_ms } = self.ask(&asked, waits).await?;
        Ok(after_ms.map(|ms| Duration::from_secs_f64(ms / 1_000.0)))
    }

    /// Logs out.
    ///
    /// # Errors
    /// When the process does not answer.
    pub async fn leave(mut self) -> Result<()> {
        self.ask::<Value>(&json!({ "ask": "leave" }), Duration::ZERO).await.map(drop)
    }

    /// Finds out what the clock of the process shows: in the middle between the question and the answer.
    async fn read_clock(&mut self) -> Result<()> {
        let mut fastest = Duration::MAX;
        for _ in 0..CLOCK_READINGS {
            let asked_at = self.clock.now();
            let Its { now_ms } = self.ask(&json!({ "ask": "clock" }), Duration::ZERO).await?;
            let took = self.clock.now() - asked_at;
            if took < fastest {
                fastest = took;
                self.zero_ms = now_ms - (asked_at + took / 2).as_secs_f64() * 1_000.0;
            }
        }
        Ok(())
    }

    fn to_its_clock(&self, moment: Duration) -> f64 {
        self.zero_ms + moment.as_secs_f64() * 1_000.0
    }

    async fn ask<T: DeserializeOwned>(&mut self, asked: &Value, waits: Duration) -> Result<T> {
        self.to.write_all(format!("{asked}\n").as_bytes()).await.context("the process in Node has ended")?;
        let line = timeout(waits + PATIENCE, self.from.next_line()).await.context("the process in Node is silent")?;
        let line = line?.context("the process in Node has ended; its reason stands above")?;
        serde_json::from_str(&line).with_context(|| format!("the process in Node answered {line:.200}"))
    }
}

/// The same URL through a line.
fn through_line(url: &str, line: SocketAddr) -> String {
    let mut parts = url.splitn(4, '/');
    let (scheme, path) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    format!("{scheme}//{line}/{path}")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    took_ms: f64,
    /// None where another ticket may help.
    entity: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Its {
    now_ms: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CameBack {
    /// None where the connection has ended.
    after_ms: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saw {
    before: Counts,
    after: Counts,
    pictures: Vec<Frame>,
    is_over: bool,
}

/// What was pressed in a process, and what the server said of it, in order.
#[derive(Debug, Deserialize)]
pub struct Uses {
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
enum Event {
    #[serde(rename_all = "camelCase")]
    Pressed {
        at_ms: f64,
        command: u32,
        slot: usize,
        ability: u16,
        point: (i32, i32),
        shown: Vec<(u32, (f64, f64))>,
    },
    #[serde(rename_all = "camelCase")]
    Hit {
        at_ms: f64,
        ability: u16,
        target: u32,
    },
    Refused {
        command: u32,
    },
    #[serde(rename_all = "camelCase")]
    Over {
        at_ms: f64,
    },
}

impl Uses {
    /// On how many the screen and the server agree.
    pub fn judge(self, ground: &CollisionGrid) -> Agreement {
        let mut judge = Judge::default();
        let at = |ms: f64| Duration::from_secs_f64(ms / 1_000.0);
        for event in self.events {
            match event {
                Event::Pressed { at_ms, command, slot, ability, point: (x, y), shown } => {
                    judge.settle(at(at_ms));
                    let shown = shown.into_iter().map(|(id, (x, y))| (EntityId(id), Point { x, y })).collect();
                    let press = Press { slot, point: Position { x, y }, shown };
                    judge.pressed(&press, Some(command), ability, ground, at(at_ms));
                }
                Event::Hit { at_ms, ability, target } => {
                    judge.settle(at(at_ms));
                    judge.hit(ability, EntityId(target));
                }
                Event::Refused { command } => judge.refused(command),
                Event::Over { at_ms } => judge.settle(at(at_ms)),
            }
        }
        judge.agreement()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    corrections: u64,
    corrected_units: u64,
    frames: u64,
    visible_corrections: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    at_ms: f64,
    own: (f64, f64),
    heading: Option<u8>,
    others: Vec<(u32, (f64, f64))>,
}

impl Frame {
    fn picture(self, zero_ms: f64) -> Picture {
        let point = |(x, y)| Point { x, y };
        Picture {
            at: Duration::from_secs_f64((self.at_ms - zero_ms).max(0.0) / 1_000.0),
            own: point(self.own),
            heading: self.heading.map(Angle),
            others: self.others.into_iter().map(|(id, at)| (EntityId(id), point(at))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_path_through_a_line() {
        let line = SocketAddr::from(([127, 0, 0, 1], 4_101));
        assert_eq!(through_line("ws://10.0.0.1:4001/play", line), "ws://127.0.0.1:4101/play");
        assert_eq!(through_line("https://10.0.0.1:4001/play", line), "https://127.0.0.1:4101/play");
        assert_eq!(through_line("ws://10.0.0.1:4001", line), "ws://127.0.0.1:4101/");
    }
}
