//! Players of the add-on for Godot: each in a Godot of its own (`clients/godot/tests/feel.gd`), whose keys are pressed here.
//! What its nodes show comes line by line, one for each frame.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use realmgate_client::clock::Clock;
use realmgate_client::display::{DisplayCounters, Point};
use realmgate_client::session::Session;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::hits::{Press, Striker};
use super::measure::{Counted, Watched};
use super::player::Picture;
use super::walk::Walk;
use crate::account::fresh_name;
use crate::godot::Godot;

/// How often it enters, and leaves again, before it stays.
const ENTRIES: &str = "5";
/// How long a Godot may be silent: it starts, makes an account, and enters again and again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A player in a Godot of its own.
#[derive(Debug)]
pub struct GodotPlayer {
    process: Child,
    keys: ChildStdin,
    says: mpsc::UnboundedReceiver<(Duration, Said)>,
    walk: Walk,
    heading: Option<Angle>,
    frames: Vec<Frame>,
    /// What our clock shows when its own shows 0, at the latest: no line has come faster.
    zero: f64,
    has_lost: bool,
    entered_in: Vec<Duration>,
    /// Presses abilities, where there is one.
    pub striker: Option<Striker>,
    /// Its entity.
    pub entity: EntityId,
}

impl GodotPlayer {
    /// Starts a Godot, and enters the world in it through a bad line: a few times, then to stay.
    ///
    /// # Errors
    /// When Godot does not start, or the player does not get in.
    pub async fn enter(godot: &Godot, api: &str, through: SocketAddr, clock: Clock, seed: u64) -> Result<Self> {
        let (name, through) = (fresh_name("Feeler"), through.to_string());
        let mut process = godot.with_keys("tests/feel.gd", &[api, &name, &through, ENTRIES]).context("Godot")?;
        let keys = process.stdin.take().context("Godot has no standard input")?;
        let output = process.stdout.take().context("Godot has no standard output")?;
        let (say, says) = mpsc::unbounded_channel();
        tokio::spawn(listen(output, clock, say));
        let (walk, entered_in) = (Walk::new(seed), Vec::new());
        let (heading, frames, zero, has_lost) = (None, Vec::new(), f64::INFINITY, false);
        let (striker, entity) = (None, EntityId(0));
        let mut player =
            Self { process, keys, says, walk, heading, frames, zero, has_lost, entered_in, striker, entity };
        while player.entity == EntityId(0) {
            let said = timeout(PATIENCE, player.says.recv()).await.context("Godot is silent")?;
            let (at, said) = said.context("Godot has ended; its reason stands above")?;
            player.hear(at, said);
        }
        Ok(player)
    }

    /// How long entering took each time.
    pub fn entered_in(&self) -> impl Iterator<Item = Duration> + '_ {
        self.entered_in.iter().copied()
    }

    /// Looks at all frames since the last call, and presses what the player wants then. The session of another player knows
    /// the ground, and what is on the slots of every class.
    ///
    /// # Errors
    /// When Godot has ended.
    pub async fn press(&mut self, session: &Session, now: Duration) -> Result<()> {
        loop {
            match self.says.try_recv() {
                Ok((at, said)) => {
                    let is_frame = matches!(said, Said::Frame(_));
                    self.judge(&said, session, now);
                    self.hear(at, said);
                    if is_frame {
                        let own = self.frames.last().map(|frame| units(frame.own));
                        self.walk.frame(session, own.map(|own| Position { x: own.x as i32, y: own.y as i32 }));
                    }
                }
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    anyhow::bail!("Godot has ended; its reason stands above")
                }
            }
        }
        if self.heading != self.walk.heading() {
            self.heading = self.walk.heading();
            let key = self.heading.map_or(-1, |angle| i32::from(angle.0));
            self.say(&key.to_string()).await?;
        }
        if let (Some(striker), Some(frame)) = (&mut self.striker, self.frames.last())
            && let Some(Press { slot, point, .. }) = striker.press(frame.others(), now)
        {
            let tiles = |units: i32| f64::from(units) / f64::from(UNITS_PER_TILE);
            self.say(&format!("use {slot} {} {}", tiles(point.x), tiles(point.y))).await?;
        }
        Ok(())
    }

    /// Leaves the world, and gives what its screen showed between two moments.
    ///
    /// # Errors
    /// When Godot does not end well.
    pub async fn leave(mut self, from: Duration, until: Duration) -> Result<Watched> {
        self.say("leave").await?;
        while let Some((at, said)) = timeout(PATIENCE, self.says.recv()).await.context("Godot does not end")? {
            self.hear(at, said);
        }
        let ended = timeout(PATIENCE, self.process.wait()).await.context("Godot does not end")??;
        anyhow::ensure!(ended.success(), "Godot ended with {ended}; its reason stands above");
        let zero = self.zero;
        let at = |frame: &Frame| Duration::from_secs_f64((zero + frame.at_us / 1e6).max(0.0));
        let watched: Vec<_> = self.frames.iter().filter(|frame| (from..until).contains(&at(frame))).collect();
        let (first, last) = watched.first().zip(watched.last()).context("Godot has shown nothing")?;
        let counted = Counted {
            corrections: (
                last.corrections - first.corrections,
                ((last.corrected_tiles - first.corrected_tiles) * f64::from(UNITS_PER_TILE)).round() as u64,
            ),
            display: DisplayCounters {
                frames: watched.len() as u64,
                visible_corrections: last.visible_corrections - first.visible_corrections,
            },
            minutes: (until - from).as_secs_f64() / 60.0,
        };
        let pictures = watched.iter().map(|frame| frame.picture(at(frame))).collect();
        Ok(Watched { pictures, counted, is_over: self.has_lost })
    }

    /// What is pressed in a frame was decided by the frame before.
    fn judge(&mut self, said: &Said, session: &Session, now: Duration) {
        let Some(striker) = &mut self.striker else { return };
        match said {
            Said::Hit { hit, ability } => striker.judge.hit(*ability, EntityId(*hit)),
            Said::Refused { refused } => {
                usize::try_from(*refused).into_iter().for_each(|slot| striker.judge.refused_on(slot));
            }
            Said::Frame(Frame { used: Some((slot, x, y)), .. }) => {
                let (point, slot) = (units((*x, *y)), *slot as usize);
                let ability = session.welcome().and_then(|welcome| welcome.slots.get(slot));
                if let (Some(frame), Some(ability), Some(ground)) = (self.frames.last(), ability, session.grid()) {
                    let point = Position { x: point.x as i32, y: point.y as i32 };
                    let press = Press { slot, point, shown: frame.others().collect() };
                    // Of which command it is a part, the add-on does not say; of a refusal, it says the slot.
                    striker.judge.pressed(&press, None, *ability, ground, now);
                }
            }
            _ => {}
        }
        striker.judge.settle(now);
    }

    async fn say(&mut self, line: &str) -> Result<()> {
        self.keys.write_all(format!("{line}\n").as_bytes()).await.context("Godot has ended; its reason stands above")
    }

    fn hear(&mut self, at: Duration, said: Said) {
        match said {
            Said::Entered { entered_in_ms } => {
                self.entered_in.push(Duration::from_secs_f64(entered_in_ms / 1_000.0));
            }
            Said::Stays { entity } => self.entity = EntityId(entity),
            Said::Lost { .. } => self.has_lost = true,
            Said::Hit { .. } | Said::Refused { .. } => {}
            Said::Frame(frame) => {
                self.zero = self.zero.min(at.as_secs_f64() - frame.at_us / 1e6);
                self.frames.push(frame);
            }
        }
    }
}

/// Notes when each line has come. Lines that are no JSON are Godot's own.
async fn listen(output: ChildStdout, clock: Clock, say: mpsc::UnboundedSender<(Duration, Said)>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let at = clock.now();
        if let Ok(said) = serde_json::from_str(&line)
            && say.send((at, said)).is_err()
        {
            return;
        }
    }
}

/// A line of the script.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said {
    Entered {
        entered_in_ms: f64,
    },
    Stays {
        entity: u32,
    },
    Lost {
        #[expect(dead_code, reason = "that it is there tells it")]
        lost: String,
    },
    Hit {
        hit: u32,
        ability: u16,
    },
    /// A use of the ability on this slot; -1 for other requests.
    Refused {
        refused: i64,
    },
    Frame(Frame),
}

/// What its nodes show in a frame; places are in tiles.
#[derive(Debug, Deserialize)]
struct Frame {
    at_us: f64,
    own: (f64, f64),
    heading: Option<u8>,
    others: Vec<(u32, f64, f64)>,
    corrections: u64,
    corrected_tiles: f64,
    visible_corrections: u64,
    /// The slot that was pressed before this frame, and the point that was aimed at.
    used: Option<(f64, f64, f64)>,
}

impl Frame {
    fn picture(&self, at: Duration) -> Picture {
        Picture { at, own: units(self.own), heading: self.heading.map(Angle), others: self.others().collect() }
    }

    fn others(&self) -> impl Iterator<Item = (EntityId, Point)> + '_ {
        self.others.iter().map(|(id, x, y)| (EntityId(*id), units((*x, *y))))
    }
}

fn units((x, y): (f64, f64)) -> Point {
    let unit = f64::from(UNITS_PER_TILE);
    Point { x: x * unit, y: y * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_script_is_read() {
        let said = |line: &str| serde_json::from_str(line).expect(line);
        assert!(matches!(said(r#"{"entered_in_ms":358.2}"#), Said::Entered { .. }));
        assert!(matches!(said(r#"{"entity":7}"#), Said::Stays { entity: 7 }));
        assert!(matches!(said(r#"{"lost":"silence"}"#), Said::Lost { .. }));
        let frame = r#"{"at_us":2000000,"corrected_tiles":0.5,"corrections":2,"heading":64,"others":[[9,1.5,2.0]],"own":[32.0,31.5],"used":[3.0,1.5,2.5],"visible_corrections":1}"#;
        assert!(matches!(said(r#"{"hit":7,"ability":3}"#), Said::Hit { hit: 7, ability: 3 }));
        assert!(matches!(said(r#"{"refused":2}"#), Said::Refused { refused: 2 }));
        let standing = frame.replace("64", "null").replace("[3.0,1.5,2.5]", "null");
        let Said::Frame(standing) = said(&standing) else { panic!("{standing} is a frame") };
        assert_eq!((standing.heading, standing.used), (None, None));
        let Said::Frame(frame) = said(frame) else { panic!("{frame} is a frame") };
        let picture = frame.picture(Duration::from_secs(1));
        assert_eq!(picture.own, Point { x: 32.0 * 1_024.0, y: 31.5 * 1_024.0 });
        assert_eq!(picture.others, [(EntityId(9), Point { x: 1.5 * 1_024.0, y: 2_048.0 })]);
        assert_eq!((picture.heading, frame.used), (Some(Angle(64)), Some((3.0, 1.5, 2.5))));
        assert_eq!((frame.at_us, frame.corrected_tiles), (2e6, 0.5));
        assert_eq!((frame.corrections, frame.visible_corrections), (2, 1));
    }
}
