//! Log-ins and their refresh tokens.

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::columns::{from_sql_ms, parse_id, to_sql_ms};
use super::dialect::{Rows, lock_rows};
use super::{SqlConnection, SqlStore};

/// Log-ins and their refresh tokens. All tokens of a session are one family.
#[async_trait::async_trait]
pub trait SessionStore: Send + Sync {
    /// Starts a session with its first refresh token.
    async fn open(&self, session: Uuid, account: AccountId, token: NewRefreshToken<'_>) -> sqlx::Result<()>;
    /// The session and its account, for the check of an access token; `None` for one that ended or never was.
    async fn find_live(&self, session: Uuid) -> sqlx::Result<Option<SessionRow>>;
    /// Trades a refresh token for the next one. One that was used before ends its session.
    async fn rotate(&self, used_hash: &str, next: NewRefreshToken<'_>) -> sqlx::Result<Rotation>;
    /// Ends a session: its access and refresh tokens are dead.
    async fn end(&self, session: Uuid, at_ms: u64) -> sqlx::Result<()>;
    /// Forgets what expired; answers how many refresh tokens that were.
    async fn sweep(&self, now_ms: u64) -> sqlx::Result<u64>;
}

/// A refresh token that is about to be given out.
#[derive(Debug, Clone, Copy)]
pub struct NewRefreshToken<'a> {
    /// SHA-256 of the token.
    pub hash: &'a str,
    /// When it ends.
    pub expires_at_ms: u64,
    /// Now.
    pub at_ms: u64,
}

/// A session that has not ended.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Whose.
    pub account: AccountId,
    /// What the account may do.
    pub role: String,
    /// An access token of another version is revoked.
    pub token_version: i64,
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The next one is in force.
    Rotated {
        /// Of which session.
        session: Uuid,
        /// Whose.
        account: AccountId,
        /// For the access token.
        token_version: i64,
    },
    /// It was used before: somebody has a copy. The session is ended.
    Reused {
        /// Of which session.
        session: Uuid,
    },
    /// Unknown, expired, or of a session that has ended.
    Dead,
}

#[async_trait::async_trait]
impl SessionStore for SqlStore {
    async fn open(&self, session: Uuid, account: AccountId, token: NewRefreshToken<'_>) -> sqlx::Result<()> {
        let mut tx = self.begin_write("open_session").await?;
        sqlx::query("INSERT INTO sessions (id, account_id, created_at_ms) VALUES ($1, $2, $3)")
            .bind(session.to_string())
            .bind(account.to_string())
            .bind(to_sql_ms(token.at_ms))
            .execute(&mut *tx)
            .await?;
        insert_token(&mut tx, session, token).await?;
        tx.commit().await
    }

    async fn find_live(&self, session: Uuid) -> sqlx::Result<Option<SessionRow>> {
        let mut db = self.read("find_session").await?;
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT a.id, a.role, a.token_version
             FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE s.id = $1 AND s.ended_at_ms IS NULL",
        )
        .bind(session.to_string())
        .fetch_optional(&mut *db)
        .await?;
        row.map(|(account, role, token_version)| {
            Ok(SessionRow { account: parse_id("accounts.id", &account)?, role, token_version })
        })
        .transpose()
    }

    async fn rotate(&self, used_hash: &str, next: NewRefreshToken<'_>) -> sqlx::Result<Rotation> {
        let mut tx = self.begin_write("rotate_token").await?;
        // Of two that come with the same token, the second is to see that it was used.
        lock_rows(&mut tx, Rows::RefreshTokens, [used_hash.to_owned()]).await?;
        let row: Option<(String, i64, Option<i64>, String, i64)> = sqlx::query_as(
            "SELECT t.session_id, t.expires_at_ms, t.used_at_ms, a.id, a.token_version
             FROM refresh_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN accounts a ON a.id = s.account_id
             WHERE t.token_hash = $1 AND s.ended_at_ms IS NULL",
        )
        .bind(used_hash)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((session, expires_at_ms, used_at_ms, account, token_version)) = row else {
            return Ok(Rotation::Dead);
        };
        let session = parse_id("refresh_tokens.session_id", &session)?;
        if used_at_ms.is_some() {
            end_session(&mut tx, session, next.at_ms).await?;
            tx.commit().await?;
            return Ok(Rotation::Reused { session });
        }
        if from_sql_ms(expires_at_ms) <= next.at_ms {
            return Ok(Rotation::Dead);
        }
        sqlx::query("UPDATE refresh_tokens SET used_at_ms = $2 WHERE token_hash = $1")
            .bind(used_hash)
            .bind(to_sql_ms(next.at_ms))
            .execute(&mut *tx)
            .await?;
        insert_token(&mut tx, session, next).await?;
        tx.commit().await?;
        Ok(Rotation::Rotated { session, account: parse_id("accounts.id", &account)?, token_version })
    }

    async fn end(&self, session: Uuid, at_ms: u64) -> sqlx::Result<()> {
        let mut tx = self.begin_write("end_session").await?;
        end_session(&mut tx, session, at_ms).await?;
        tx.commit().await
    }

    async fn sweep(&self, now_ms: u64) -> sqlx::Result<u64> {
        let mut tx = self.begin_write("sweep_sessions").await?;
        let expired = sqlx::query("DELETE FROM refresh_tokens WHERE expires_at_ms <= $1")
            .bind(to_sql_ms(now_ms))
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM sessions
             WHERE NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.session_id = sessions.id)",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(expired.rows_affected())
    }
}

async fn insert_token(db: &mut SqlConnection, session: Uuid, token: NewRefreshToken<'_>) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (token_hash, session_id, expires_at_ms) VALUES ($1, $2, $3)")
        .bind(token.hash)
        .bind(session.to_string())
        .bind(to_sql_ms(token.expires_at_ms))
        .execute(db)
        .await
        .map(|_| ())
}

async fn end_session(db: &mut SqlConnection, session: Uuid, at_ms: u64) -> sqlx::Result<()> {
    sqlx::query("UPDATE sessions SET ended_at_ms = $2 WHERE id = $1 AND ended_at_ms IS NULL")
        .bind(session.to_string())
        .bind(to_sql_ms(at_ms))
        .execute(db)
        .await
        .map(|_| ())
}
