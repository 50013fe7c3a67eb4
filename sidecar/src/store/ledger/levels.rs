//! What scripts hear of experience that characters gain.

use std::collections::BTreeMap;

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{number, parsed};
use realmgate_platform::database::rows::fetch_in;
use realmgate_platform::script_feed::{Arg, ScriptFeed};
use realmgate_protocol::ids::CharacterId;
use serde_json::json;
use sqlx::Row;

use super::plan::Gain;

/// Notes which characters come to a higher level, before their gains are written: `after_level_up(user, character)`.
pub(super) async fn tell(connection: &mut SqlConnection, feed: &ScriptFeed, gains: &[Gain]) -> sqlx::Result<()> {
    const LEVEL_UP: &str = "after_level_up";
    if gains.is_empty() || !feed.is_heard(LEVEL_UP) {
        return Ok(());
    }
    // The last one of a character is what it has in the end.
    let levels: BTreeMap<CharacterId, u16> = gains.iter().map(|gain| (gain.character, gain.level)).collect();
    let query = "SELECT id, account_id, name, class_id, level FROM characters WHERE id IN";
    for row in fetch_in(connection, query, levels.keys().map(ToString::to_string)).await? {
        let (id, before): (CharacterId, u16) = (parsed(&row, "id")?, number(&row, "level")?);
        let Some(level) = levels.get(&id).filter(|level| **level > before) else { continue };
        let (name, class): (String, String) = (row.try_get("name")?, row.try_get("class_id")?);
        let character = json!({"id": id.to_string(), "name": name, "class_id": class, "level": level});
        let args = [Arg::user(parsed(&row, "account_id")?), Arg::Value(character)];
        feed.note(connection, LEVEL_UP, &args).await?;
    }
    Ok(())
}
