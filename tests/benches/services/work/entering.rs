//! Players who enter the world, all of them once in each round. Afterwards, and not timed, everybody leaves.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use realmgate_tests::Gateway;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::asking::asked;
use super::{Load, Side};
use crate::bare::{ANSWER_BYTES, QUESTION_BYTES};
use crate::http::{self, Connection};
use crate::map_double::MapDouble;
use crate::rounds::{Latencies, Plan, Round, measured, together};

const SERVER: &str = "bench-enter";

/// Players on their way in.
pub struct Entering<'a> {
    side: &'a Side,
    way: Way,
}

enum Way {
    /// Through the gateway, each over a socket that is open, to this map server.
    Gateway(Vec<Gateway>, MapDouble),
    /// By a request to the bare server.
    Request,
}

impl<'a> Entering<'a> {
    /// Opens everybody's socket, and the link of a map server that admits them.
    pub async fn on(side: &'a Side, plan: &Plan) -> Result<Self> {
        if side.is_bare {
            return Ok(Self { side, way: Way::Request });
        }
        let token = side.base.home.secret("service_token");
        let map = MapDouble::open(side.server.directory, SERVER, &token).await?;
        let mut sockets = Vec::with_capacity(plan.entering);
        for newcomer in &side.newcomers {
            sockets.push(Gateway::open(side.server.gateway, &newcomer.token).await);
        }
        Ok(Self { side, way: Way::Gateway(sockets, map) })
    }

    /// Frees every lock, as far as those are in the world who should be.
    async fn leave(&mut self) -> Result<()> {
        let owner = format!("lock_owner = 'map:{SERVER}'");
        let here = self.side.base.number(format!("SELECT COUNT(*) FROM characters WHERE {owner}")).await?;
        ensure!(here == self.side.newcomers.len() as i64, "only {here} are in the world");
        match &self.way {
            Way::Gateway(_, map) => {
                let gone = map.empty().await?;
                ensure!(gone == self.side.newcomers.len(), "{gone} were announced");
            }
            Way::Request => {
                let free = "lock_owner = 'none', lock_epoch = lock_epoch + 1, lock_deadline_ms = NULL";
                self.side.base.execute(format!("UPDATE characters SET {free} WHERE {owner}")).await?;
            }
        }
        Ok(())
    }
}

impl Load for Entering<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let (server, newcomers) = (&self.side.server, &self.side.newcomers);
        let share = newcomers.len().div_ceil(plan.clients);
        let round = match &mut self.way {
            Way::Gateway(sockets, _) => {
                let clients = sockets.chunks_mut(share).zip(newcomers.chunks(share)).map(async |(sockets, who)| {
                    let mut latencies = Latencies::default();
                    for (socket, who) in sockets.iter_mut().zip(who) {
                        latencies.time(socket.entered(&who.characters[0].to_string())).await;
                    }
                    anyhow::Ok(latencies)
                });
                measured(server, together(clients)).await?
            }
            Way::Request => {
                let clients = newcomers.chunks(share).map(async |who| {
                    let (mut connection, mut latencies) = (Connection::open(server.api).await?, Latencies::default());
                    for who in who {
                        let (character, session) = (who.characters[0], who.session);
                        let body = format!(r#"{{"character_id":"{character}","session":"{session}"}}"#);
                        asked(&mut connection, &http::post("/enter", &body), &mut latencies).await?;
                    }
                    anyhow::Ok(latencies)
                });
                measured(server, together(clients)).await?
            }
        };
        self.leave().await?;
        Ok(round)
    }
}

/// What the bare server asks in a map server's place.
pub async fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // One that cannot be set answers later, or is gone.
                let _ = stream.set_nodelay(true);
                let mut question = [0; QUESTION_BYTES];
                while stream.read_exact(&mut question).await.is_ok() {
                    if stream.write_all(&question[..ANSWER_BYTES]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(address)
}
