//! Map servers that save all their characters, each the next batch as soon as the last one is written.

use anyhow::{Result, ensure};
use realmgate_protocol::ids::{LockEpoch, MapId, SaveSequence};
use realmgate_protocol::link::{Save, SoftState};
use tokio::time::Instant;

use super::asking::together;
use super::{Load, Side};
use crate::map_double::{MapDouble, Registered};
use crate::rounds::{Latencies, Plan, Round, measured};

/// Map servers.
pub const LINKS: usize = 4;
/// Characters of each.
pub const SAVED: usize = 100;

/// Open links, and how often each has saved.
pub struct Saving<'a> {
    side: &'a Side,
    links: Vec<(MapDouble, u64)>,
}

impl<'a> Saving<'a> {
    /// Opens the links, and gives each the locks of its characters.
    pub async fn on(side: &'a Side) -> Result<Self> {
        let token = (!side.is_bare).then(|| side.base.home.secret("service_token"));
        let registered = token.as_ref().map(|token| Registered { service_token: token });
        let mut links = Vec::new();
        for (number, saved) in side.saved.iter().enumerate() {
            let id = format!("bench-save-{number}");
            links.push((MapDouble::open(side.server.directory, &id, registered).await?, 0));
            let lock = format!("lock_owner = 'map:{id}', lock_epoch = 1");
            let update = format!("UPDATE characters SET {lock} WHERE account_id = '{}'", saved.account);
            ensure!(side.base.execute(update).await? == SAVED as u64, "not all characters are there");
        }
        Ok(Self { side, links })
    }
}

impl Load for Saving<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let until = Instant::now() + plan.lasts;
        let saved = &self.side.saved;
        let clients = self.links.iter_mut().zip(saved).map(async |((link, sequence), saved)| {
            let mut latencies = Latencies::default();
            while Instant::now() < until {
                *sequence += 1;
                let saves = saved.characters.iter().map(|character| Save {
                    character: *character,
                    epoch: LockEpoch(1),
                    sequence: SaveSequence(*sequence),
                    soft: soft(*sequence),
                });
                latencies.time(link.save(saves.collect())).await?;
            }
            anyhow::Ok(latencies)
        });
        let round = measured(&self.side.server, together(clients)).await?;
        for ((_, sequence), saved) in self.links.iter().zip(saved) {
            let newest = format!("account_id = '{}' AND save_sequence = {sequence}", saved.account);
            let written = self.side.base.number(format!("SELECT COUNT(*) FROM characters WHERE {newest}")).await?;
            ensure!(written == SAVED as i64, "only {written} saves were written");
        }
        Ok(round)
    }
}

fn soft(step: u64) -> SoftState {
    let x = 2_048 + i32::try_from(step % 1_024).unwrap_or_default();
    SoftState { map: MapId(1), x, y: 2_048, health: 50, resource: 10, cooldowns: Vec::new(), ..SoftState::default() }
}
