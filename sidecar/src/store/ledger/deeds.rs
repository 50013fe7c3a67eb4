//! What scripts hear of what characters do in the worlds.

use std::collections::BTreeMap;

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{number, parsed};
use realmgate_platform::database::rows::fetch_in;
use realmgate_platform::hook_subscriptions::{Arg, HookSubscriptions};
use realmgate_protocol::ids::{AccountId, CharacterId};
use serde_json::json;
use sqlx::Row;

use super::plan::Gain;

const LEVEL_UP: &str = "after_level_up";
const BOSS_KILLED: &str = "after_boss_killed";

/// A character as it is stored.
struct Doer {
    account: AccountId,
    name: String,
    class: String,
    level: u16,
}

impl Doer {
    /// Its user and itself, at a level.
    fn args(&self, id: CharacterId, level: u16) -> [Arg; 2] {
        let character = json!({"id": id.to_string(), "name": self.name, "class_id": self.class, "level": level});
        [Arg::user(self.account), Arg::Value(character)]
    }
}

/// Notes which characters come to a higher level, before their gains are written: `after_level_up(user, character)`.
pub(super) async fn tell_levels(
    connection: &mut SqlConnection,
    subscriptions: &HookSubscriptions,
    gains: &[Gain],
) -> sqlx::Result<()> {
    if gains.is_empty() || !subscriptions.is_heard(LEVEL_UP) {
        return Ok(());
    }
    // The last one of a character is what it has in the end.
    let levels: BTreeMap<CharacterId, u16> = gains.iter().map(|gain| (gain.character, gain.level)).collect();
    for (id, doer) in doers(connection, levels.keys().copied()).await? {
        if let Some(level) = levels.get(&id).filter(|level| **level > doer.level) {
            subscriptions.note(connection, LEVEL_UP, &doer.args(id, *level)).await?;
        }
    }
    Ok(())
}

/// Notes who has had a part in the kill of a boss: `after_boss_killed(user, character, mob)`.
pub(super) async fn tell_bosses(
    connection: &mut SqlConnection,
    subscriptions: &HookSubscriptions,
    kills: &[(CharacterId, String)],
    gains: &[Gain],
) -> sqlx::Result<()> {
    if kills.is_empty() || !subscriptions.is_heard(BOSS_KILLED) {
        return Ok(());
    }
    let doers = doers(connection, kills.iter().map(|(id, _)| *id)).await?;
    for (id, mob) in kills {
        let Some(doer) = doers.get(id) else { continue };
        // A gain of the same events is not written yet.
        let gained = gains.iter().filter(|gain| gain.character == *id).map(|gain| gain.level).max();
        let [user, character] = doer.args(*id, gained.unwrap_or_default().max(doer.level));
        subscriptions.note(connection, BOSS_KILLED, &[user, character, Arg::Value(json!(mob))]).await?;
    }
    Ok(())
}

async fn doers(
    connection: &mut SqlConnection,
    ids: impl Iterator<Item = CharacterId>,
) -> sqlx::Result<BTreeMap<CharacterId, Doer>> {
    let query = "SELECT id, account_id, name, class_id, level FROM characters WHERE id IN";
    let rows = fetch_in(connection, query, ids.map(|id| id.to_string())).await?;
    let doer = |row| {
        let (name, class) = (Row::try_get(row, "name")?, Row::try_get(row, "class_id")?);
        Ok((
            parsed(row, "id")?,
            Doer { account: parsed(row, "account_id")?, name, class, level: number(row, "level")? },
        ))
    };
    rows.iter().map(doer).collect()
}
