//! A map link that knows saves and empty batches of events, and answers those once what came before them is written.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, ensure};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::limits::MAX_LINK_BYTES;
use realmgate_protocol::link::{FromMap, Save, ToMap};
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::{lock_rows, parameters, parts};
use super::{BEGIN_WRITE, Connection, Db, State};

pub async fn link(axum::extract::State(state): axum::extract::State<State>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(MAX_LINK_BYTES).max_frame_size(MAX_LINK_BYTES).on_upgrade(async move |socket| {
        // The load sees that the link is gone, and stops.
        if let Err(error) = serve(&state, socket).await {
            eprintln!("{error:#}");
        }
    })
}

async fn serve(state: &State, mut socket: WebSocket) -> Result<()> {
    let mut server: Option<ServerId> = None;
    while let Some(message) = socket.recv().await {
        let Message::Binary(bytes) = message? else { continue };
        let answer = match decode_link(&bytes)? {
            FromMap::Hello { server: id, .. } => {
                server = Some(id.parse()?);
                ToMap::Welcome { gateway: String::new(), resumed: false, reclaim_within_ms: 0 }
            }
            FromMap::Save { saves } => {
                save(state, server.as_ref().context("no Hello")?, &saves).await?;
                continue;
            }
            FromMap::Events { batch, .. } => {
                state.pool.write.begin_with(BEGIN_WRITE).await?.commit().await?;
                ToMap::Committed { batch, outcomes: Vec::new() }
            }
            _ => continue,
        };
        socket.send(Message::Binary(encode_link(&answer)?.into())).await?;
    }
    Ok(())
}

async fn save(state: &State, server: &ServerId, saves: &[Save]) -> Result<()> {
    let mut transaction = state.pool.write.begin_with(BEGIN_WRITE).await?;
    let by_character: BTreeMap<CharacterId, &Save> = saves.iter().map(|save| (save.character, save)).collect();
    let ids: Vec<String> = by_character.keys().map(ToString::to_string).collect();
    lock_rows(&mut transaction, "characters", "id", ids.iter().cloned()).await?;
    let known = read(&mut transaction, &ids).await?;
    let owner = format!("map:{server}");
    let fits = |(id, save): (&String, &&Save)| {
        known.get(id).is_some_and(|(known, epoch, last)| {
            *known == owner && *epoch == save.epoch.0 as i64 && *last < save.sequence.0 as i64
        })
    };
    ensure!(ids.iter().zip(by_character.values()).all(fits), "a save is stale");
    let saves: Vec<(String, &Save)> = ids.into_iter().zip(by_character.into_values()).collect();
    ensure!(update(&mut transaction, &owner, &saves).await? == saves.len() as u64, "a save was not written");
    Ok(transaction.commit().await?)
}

async fn read(connection: &mut Connection, ids: &[String]) -> Result<HashMap<String, (String, i64, i64)>> {
    let mut known = HashMap::with_capacity(ids.len());
    for part in parts(ids) {
        let query = "SELECT id, lock_owner, lock_epoch, lock_deadline_ms, save_sequence FROM characters WHERE id IN";
        let query = sqlx::query::<Db>(AssertSqlSafe(format!("{query} {}", parameters(1, part.len()))));
        let query = part.iter().fold(query, |query, id| query.bind(id.clone()));
        for row in query.fetch_all(&mut *connection).await? {
            let lock = (row.try_get("lock_owner")?, row.try_get("lock_epoch")?, row.try_get("save_sequence")?);
            known.insert(row.try_get("id")?, lock);
        }
    }
    Ok(known)
}

async fn update(connection: &mut Connection, owner: &str, saves: &[(String, &Save)]) -> Result<u64> {
    let mut written = 0;
    for part in parts(saves) {
        let rows: Vec<String> = (0..part.len()).map(|row| parameters(1 + row * 8, 8)).collect();
        let mut update = sqlx::query::<Db>(AssertSqlSafe(format!(
            "WITH saved (id, owner, epoch, sequence, soft, map, x, y) AS ( VALUES {} \
             ) UPDATE characters SET soft_state = saved.soft, map_id = saved.map, x = saved.x, y = saved.y, \
             save_sequence = saved.sequence, lock_deadline_ms = NULL FROM saved WHERE characters.id = saved.id \
             AND characters.lock_owner = saved.owner AND characters.lock_epoch = saved.epoch \
             AND characters.save_sequence < saved.sequence",
            rows.join(", ")
        )));
        for (id, save) in part {
            update = update
                .bind(id.clone())
                .bind(owner.to_owned())
                .bind(save.epoch.0 as i64)
                .bind(save.sequence.0 as i64)
                .bind(serde_json::to_string(&save.soft)?)
                .bind(i64::from(save.soft.map.0))
                .bind(i64::from(save.soft.x))
                .bind(i64::from(save.soft.y));
        }
        written += update.execute(&mut *connection).await?.rows_affected();
    }
    Ok(written)
}
