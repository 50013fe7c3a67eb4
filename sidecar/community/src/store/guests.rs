//! Guests that never came back. A guest is an account that nothing but devices opens.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{from_sql_ms, parse_id, to_sql_ms};
use realmgate_protocol::ids::AccountId;

use super::AccountStore;

/// When a guest that has nothing was last here. No row for accounts that have other credentials, characters, friends, records or
/// values of scripts, for administrators, and for banned ones, whose devices would be free again.
const LAST_SEEN: &str = "SELECT p.last_seen_ms FROM accounts a JOIN profiles p ON p.account_id = a.id
    WHERE a.id = $1 AND a.deleted_at_ms IS NULL AND a.role = 'player' AND a.banned = 0
      AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.account_id = a.id AND c.kind <> 'device')
      AND NOT EXISTS (SELECT 1 FROM characters c WHERE c.account_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM friendships f WHERE f.requester_id = a.id AND f.status = 'accepted')
      AND NOT EXISTS (SELECT 1 FROM friendships f WHERE f.target_id = a.id AND f.status = 'accepted')
      AND NOT EXISTS (SELECT 1 FROM leaderboard_records r WHERE r.user_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM script_values v WHERE v.user_id = a.id)";

impl AccountStore {
    /// Up to `most` guests that have to be looked at.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn due_guests(&self, now_ms: u64, most: u32) -> sqlx::Result<Vec<AccountId>> {
        let mut db = self.0.read("due_guests").await?;
        let due = "SELECT account_id FROM guests WHERE look_at_ms <= $1 ORDER BY look_at_ms LIMIT $2";
        let due = sqlx::query_scalar(due).bind(to_sql_ms(now_ms)).bind(i64::from(most));
        let due: Vec<String> = due.fetch_all(&mut *db).await?;
        due.iter().map(|id| parse_id("guests.account_id", id)).collect()
    }

    /// Whether a guest has nothing and was not here for `stay_ms`. One that was here later is looked at again when that has passed;
    /// an account that is no guest any more is not.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn is_abandoned(&self, account: AccountId, stay_ms: u64, now_ms: u64) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("look_at_guest").await?;
        let id = account.to_string();
        let seen: Option<i64> = sqlx::query_scalar(LAST_SEEN).bind(&id).fetch_optional(&mut *tx).await?;
        let due_ms = seen.map(|seen_ms| from_sql_ms(seen_ms).saturating_add(stay_ms));
        let abandoned = match due_ms {
            None => {
                sqlx::query("DELETE FROM guests WHERE account_id = $1").bind(&id).execute(&mut *tx).await?;
                false
            }
            Some(due_ms) if due_ms > now_ms => {
                let again = sqlx::query("UPDATE guests SET look_at_ms = $2 WHERE account_id = $1");
                again.bind(&id).bind(to_sql_ms(due_ms)).execute(&mut *tx).await?;
                false
            }
            Some(_) => true,
        };
        tx.commit().await?;
        Ok(abandoned)
    }
}

/// Records a new guest, to be looked at soon: then it is known when it was last here.
pub(super) async fn insert(db: &mut SqlConnection, account: AccountId, at_ms: u64) -> sqlx::Result<()> {
    let new = sqlx::query("INSERT INTO guests (account_id, look_at_ms) VALUES ($1, $2)");
    new.bind(account.to_string()).bind(to_sql_ms(at_ms)).execute(db).await.map(|_| ())
}
