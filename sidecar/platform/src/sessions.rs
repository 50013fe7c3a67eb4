//! Log-ins and their refresh tokens: opened, renewed, listed, ended.

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use crate::bans::Ban;
use crate::database::columns::{from_sql_ms, parse_id, to_sql_ms};
use crate::database::dialect::{Rows, lock_rows};
use crate::database::{SqlConnection, SqlStore};

/// Maximum number of live sessions of an account.
pub const MAX_LIVING: u32 = 16;
/// How long a token that was traded gives the same successor again, in milliseconds: its answer may be lost, or two requests of one client
/// may come at once.
pub const TRADED_AGAIN_MS: u64 = 30_000;
/// How long a session that was logged out is kept, in milliseconds: longer than any access token lives.
const LOGGED_OUT_KEPT_MS: u64 = 24 * 60 * 60 * 1_000;
/// Rows that a sweep deletes in one transaction, so that other writers get their turn.
const SWEPT_AT_ONCE: u64 = 1_000;

/// Log-ins and their refresh tokens. All refresh tokens of a session are one family.
#[derive(Clone)]
pub struct SessionStore(SqlStore);

/// A refresh token that is about to be issued.
#[derive(Debug, Clone, Copy)]
pub struct NewRefreshToken<'a> {
    /// SHA-256 of the token.
    pub hash: &'a str,
    /// When it expires, in Unix milliseconds.
    pub expires_at_ms: u64,
    /// The current time in Unix milliseconds.
    pub at_ms: u64,
}

/// A session that has not ended.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The account's id.
    pub account: AccountId,
    /// The account's role.
    pub role: String,
    /// The account's token version; an access token of another version is revoked.
    pub token_version: i64,
}

/// A session whose refresh token stays the same.
#[derive(Debug, Clone)]
pub struct Staying {
    /// Its id.
    pub session: Uuid,
    /// Whose it is.
    pub row: SessionRow,
    /// When it began, in Unix milliseconds.
    pub created_ms: u64,
    /// When its refresh token expires, in Unix milliseconds.
    pub expires_ms: u64,
}

/// A log-in, as administrators see it.
#[derive(Debug, Clone)]
pub struct LogInRow {
    /// Its id.
    pub id: Uuid,
    /// When it began, in Unix milliseconds.
    pub created_ms: u64,
    /// When it ended, in Unix milliseconds, if it has.
    pub ended_ms: Option<u64>,
}

/// The outcome of starting a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// It has started, and has ended these.
    Opened(Vec<Uuid>),
    /// The account waits for its activation, or is gone.
    NotActivated,
    /// An administrator has banned the account.
    Banned(Ban),
}

/// Whether a session's refresh token is replaced whenever it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshing {
    /// Each use gives the next token; a copy of a used one ends the session.
    Rotates,
    /// The same token serves until it expires or the session ends.
    Stays,
}

/// The outcome of trading a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The next token is valid.
    Rotated {
        /// The session's id.
        session: Uuid,
        /// The account's id.
        account: AccountId,
        /// The account's token version, for the access token.
        token_version: i64,
    },
    /// The token was used before, so somebody has a copy. The session is ended.
    Reused {
        /// The session's id.
        session: Uuid,
        /// The account's id.
        account: AccountId,
    },
    /// The token is unknown, expired, or of a session that has ended.
    Dead,
}

impl SessionStore {
    /// The sessions in a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Starts a session with its first refresh token, which is replaced whenever it is used. Only the newest
    /// [`MAX_LIVING`] sessions of an account live: returns those that this one ended.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn open(&self, session: Uuid, account: AccountId, token: NewRefreshToken<'_>) -> sqlx::Result<Opening> {
        self.open_as(session, account, Refreshing::Rotates, token).await
    }

    /// As [`SessionStore::open`], with a refresh token of this kind.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn open_as(
        &self,
        session: Uuid,
        account: AccountId,
        refreshing: Refreshing,
        token: NewRefreshToken<'_>,
    ) -> sqlx::Result<Opening> {
        let mut tx = self.0.begin_write("open_session").await?;
        // Of several log-ins at once, each must see those before it.
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        if let Some(barred) = barred(&mut tx, account, token.at_ms).await? {
            return Ok(barred);
        }
        let living: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM sessions WHERE account_id = $1 AND ended_at_ms IS NULL ORDER BY created_at_ms DESC, id DESC",
        )
        .bind(account.to_string())
        .fetch_all(&mut *tx)
        .await?;
        let mut ended = Vec::new();
        for oldest in living.iter().skip(MAX_LIVING as usize - 1) {
            let oldest = parse_id("sessions.id", oldest)?;
            end_session(&mut tx, oldest, token.at_ms).await?;
            ended.push(oldest);
        }
        sqlx::query("INSERT INTO sessions (id, account_id, created_at_ms, rotates) VALUES ($1, $2, $3, $4)")
            .bind(session.to_string())
            .bind(account.to_string())
            .bind(to_sql_ms(token.at_ms))
            .bind(i64::from(refreshing == Refreshing::Rotates))
            .execute(&mut *tx)
            .await?;
        insert_token(&mut tx, session, token).await?;
        sqlx::query("UPDATE profiles SET last_seen_ms = $2 WHERE account_id = $1")
            .bind(account.to_string())
            .bind(to_sql_ms(token.at_ms))
            .execute(&mut *tx)
            .await?;
        // The audit log has each log-in of an administrator, whichever way it came.
        sqlx::query(
            "INSERT INTO admin_acts (id, account_id, method, path, body, status, at_ms)
             SELECT $1, id, 'LOG IN', '', '', 200, $3 FROM accounts WHERE id = $2 AND role = 'admin'",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(account.to_string())
        .bind(to_sql_ms(token.at_ms))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Opening::Opened(ended))
    }

    /// Finds a live session, to check an access token; `None` if it ended or never existed.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_live(&self, session: Uuid) -> sqlx::Result<Option<SessionRow>> {
        let mut db = self.0.read("find_session").await?;
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT a.id, a.role, a.token_version
             FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE s.id = $1 AND s.ended_at_ms IS NULL",
        )
        .bind(session.to_string())
        .fetch_optional(&mut *db)
        .await?;
        row.map(session_row).transpose()
    }

    /// Trades a refresh token for the next one, which is always the same one: for [`TRADED_AGAIN_MS`], and until the next one is
    /// traded itself, the token gives it again. Later it was copied, and ends the session of its `family`. Used tokens are not kept, so
    /// `family` is what the token itself says, already verified.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn rotate(
        &self,
        used_hash: &str,
        family: Option<Uuid>,
        next: NewRefreshToken<'_>,
    ) -> sqlx::Result<Rotation> {
        if let Some(rotated) = self.trade(used_hash, next).await? {
            return Ok(rotated);
        }
        match self.traded_before(used_hash, next).await? {
            Some(rotated) => Ok(rotated),
            None => self.refuse(used_hash, family, next.at_ms).await,
        }
    }

    /// The outcome of a trade that was made a moment ago.
    async fn traded_before(&self, used_hash: &str, next: NewRefreshToken<'_>) -> sqlx::Result<Option<Rotation>> {
        let mut db = self.0.write("rotate_token_again").await?;
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT s.id, a.id, a.token_version
             FROM refresh_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN accounts a ON a.id = s.account_id
             WHERE t.previous_hash = $1 AND t.previous_hash <> '' AND t.token_hash = $2 AND t.traded_at_ms > $3
               AND s.ended_at_ms IS NULL AND s.rotates <> 0",
        )
        .bind(used_hash)
        .bind(next.hash)
        .bind(to_sql_ms(next.at_ms.saturating_sub(TRADED_AGAIN_MS)))
        .fetch_optional(&mut *db)
        .await?;
        row.map(rotated).transpose()
    }

    /// What is wrong with a token that could not be traded. One that was used ends its session.
    async fn refuse(&self, used_hash: &str, family: Option<Uuid>, at_ms: u64) -> sqlx::Result<Rotation> {
        let mut tx = self.0.begin_write("refuse_token").await?;
        let known = "SELECT t.session_id, t.used_at_ms, s.rotates FROM refresh_tokens t
                     JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = $1 AND s.ended_at_ms IS NULL";
        let known: Option<(String, Option<i64>, i64)> =
            sqlx::query_as(known).bind(used_hash).fetch_optional(&mut *tx).await?;
        let session = match known {
            // Its holder keeps that one, and no copy of it is a sign of theft: it is not traded here.
            Some((_, _, 0)) => return Ok(Rotation::Dead),
            // Written by an older version, which kept used tokens.
            Some((session, Some(_), _)) => parse_id("refresh_tokens.session_id", &session)?,
            // It has expired.
            Some((_, None, _)) => return Ok(Rotation::Dead),
            None => match family {
                Some(session) => session,
                None => return Ok(Rotation::Dead),
            },
        };
        let account = "SELECT account_id FROM sessions WHERE id = $1";
        let account: Option<String> =
            sqlx::query_scalar(account).bind(session.to_string()).fetch_optional(&mut *tx).await?;
        let was_living = end_session(&mut tx, session, at_ms).await?;
        tx.commit().await?;
        let Some(account) = account.filter(|_| was_living) else { return Ok(Rotation::Dead) };
        Ok(Rotation::Reused { session, account: parse_id("sessions.account_id", &account)? })
    }

    /// Trades a token that is in order, as nearly all are, in one statement. Of two that trade the same one, the second waits for the
    /// first, and then there is no such token any more.
    async fn trade(&self, used_hash: &str, next: NewRefreshToken<'_>) -> sqlx::Result<Option<Rotation>> {
        let trade = "UPDATE refresh_tokens
                     SET token_hash = $2, expires_at_ms = $3, previous_hash = token_hash, traded_at_ms = $4
                     WHERE token_hash = $1 AND used_at_ms IS NULL AND expires_at_ms > $4
                       AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = refresh_tokens.session_id
                                   AND s.ended_at_ms IS NULL AND s.rotates <> 0)
                     RETURNING session_id,
                         (SELECT s.account_id FROM sessions s WHERE s.id = refresh_tokens.session_id),
                         (SELECT a.token_version FROM sessions s JOIN accounts a ON a.id = s.account_id
                          WHERE s.id = refresh_tokens.session_id)";
        let trade = sqlx::query_as(trade).bind(used_hash).bind(next.hash).bind(to_sql_ms(next.expires_at_ms));
        let mut db = self.0.write("rotate_token").await?;
        let row: Option<(String, String, i64)> = trade.bind(to_sql_ms(next.at_ms)).fetch_optional(&mut *db).await?;
        row.map(rotated).transpose()
    }

    /// The live session of a refresh token that stays; `None` if the token is unknown or has expired, its session has ended, or it is
    /// one that rotates.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_staying(&self, hash: &str, now_ms: u64) -> sqlx::Result<Option<Staying>> {
        let mut db = self.0.read("find_refresh_token").await?;
        let row: Option<(String, String, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT s.id, a.id, a.role, a.token_version, s.created_at_ms, t.expires_at_ms
             FROM refresh_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN accounts a ON a.id = s.account_id
             WHERE t.token_hash = $1 AND t.expires_at_ms > $2 AND s.ended_at_ms IS NULL AND s.rotates = 0",
        )
        .bind(hash)
        .bind(to_sql_ms(now_ms))
        .fetch_optional(&mut *db)
        .await?;
        row.map(|(session, account, role, token_version, created_ms, expires_ms)| {
            let row = session_row((account, role, token_version))?;
            let (created_ms, expires_ms) = (from_sql_ms(created_ms), from_sql_ms(expires_ms));
            Ok(Staying { session: parse_id("sessions.id", &session)?, row, created_ms, expires_ms })
        })
        .transpose()
    }

    /// Sets when a refresh token that stays expires, in Unix milliseconds.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn expire_at(&self, hash: &str, expires_ms: u64) -> sqlx::Result<()> {
        let mut db = self.0.write("expire_refresh_token").await?;
        let set = "UPDATE refresh_tokens SET expires_at_ms = $2 WHERE token_hash = $1";
        sqlx::query(set).bind(hash).bind(to_sql_ms(expires_ms)).execute(&mut *db).await.map(|_| ())
    }

    /// When a live session began, in Unix milliseconds; `None` if it has ended, or there is none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn began_ms(&self, session: Uuid) -> sqlx::Result<Option<u64>> {
        let mut db = self.0.read("session_began").await?;
        let query = "SELECT created_at_ms FROM sessions WHERE id = $1 AND ended_at_ms IS NULL";
        let began: Option<i64> = sqlx::query_scalar(query).bind(session.to_string()).fetch_optional(&mut *db).await?;
        Ok(began.map(from_sql_ms))
    }

    /// The live sessions of an account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn living(&self, account: AccountId) -> sqlx::Result<Vec<Uuid>> {
        let mut db = self.0.read("living_sessions").await?;
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM sessions WHERE account_id = $1 AND ended_at_ms IS NULL")
                .bind(account.to_string())
                .fetch_all(&mut *db)
                .await?;
        ids.iter().map(|id| parse_id("sessions.id", id)).collect()
    }

    /// An account's log-ins, the newest first: the last 50.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn list(&self, account: AccountId) -> sqlx::Result<Vec<LogInRow>> {
        let mut db = self.0.read("list_log_ins").await?;
        let query = "SELECT id, created_at_ms, ended_at_ms FROM sessions WHERE account_id = $1
                     ORDER BY created_at_ms DESC, id DESC LIMIT 50";
        let rows: Vec<(String, i64, Option<i64>)> =
            sqlx::query_as(query).bind(account.to_string()).fetch_all(&mut *db).await?;
        let row = |(id, created, ended): (String, i64, Option<i64>)| {
            let id = parse_id("sessions.id", &id)?;
            Ok(LogInRow { id, created_ms: from_sql_ms(created), ended_ms: ended.map(from_sql_ms) })
        };
        rows.into_iter().map(row).collect()
    }

    /// Finds the session of an access token that opens calls below `/api/v1`: a live one, or one that its user has logged out, as
    /// clients of such services expect. `None` if it ended otherwise or never existed.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_for_calls(&self, session: Uuid) -> sqlx::Result<Option<SessionRow>> {
        let mut db = self.0.read("find_session").await?;
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT a.id, a.role, a.token_version
             FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE s.id = $1 AND (s.ended_at_ms IS NULL OR s.logged_out <> 0)",
        )
        .bind(session.to_string())
        .fetch_optional(&mut *db)
        .await?;
        row.map(session_row).transpose()
    }

    /// Ends a session as its user has asked: its refresh token is dead, and its access token opens calls below `/api/v1` alone.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn log_out(&self, session: Uuid, at_ms: u64) -> sqlx::Result<()> {
        let mut tx = self.0.begin_write("log_out").await?;
        if end_session(&mut tx, session, at_ms).await? {
            let mark = "UPDATE sessions SET logged_out = 1 WHERE id = $1";
            sqlx::query(mark).bind(session.to_string()).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// Ends a session: its access and refresh tokens are dead.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn end(&self, session: Uuid, at_ms: u64) -> sqlx::Result<()> {
        let mut tx = self.0.begin_write("end_session").await?;
        end_session(&mut tx, session, at_ms).await?;
        tx.commit().await
    }

    /// Deletes expired refresh tokens, and sessions that have none left. Returns how many refresh tokens that were.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn sweep(&self, now_ms: u64) -> sqlx::Result<u64> {
        let expired = self.sweep_rows(
            "DELETE FROM refresh_tokens WHERE token_hash IN
             (SELECT token_hash FROM refresh_tokens WHERE expires_at_ms <= $1 LIMIT $2)",
            now_ms,
        );
        let expired = expired.await?;
        self.sweep_rows(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE NOT EXISTS
             (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.session_id = sessions.id)
             AND (logged_out = 0 OR ended_at_ms <= $1) LIMIT $2)",
            now_ms.saturating_sub(LOGGED_OUT_KEPT_MS),
        )
        .await?;
        Ok(expired)
    }
}

impl SessionStore {
    /// Deletes what a statement finds, [`SWEPT_AT_ONCE`] rows at a time until it finds no more; returns how many there
    /// were.
    async fn sweep_rows(&self, statement: &'static str, until_ms: u64) -> sqlx::Result<u64> {
        let mut swept = 0;
        loop {
            let mut db = self.0.write("sweep_sessions").await?;
            let query = sqlx::query(statement).bind(to_sql_ms(until_ms)).bind(to_sql_ms(SWEPT_AT_ONCE));
            let found = query.execute(&mut *db).await?.rows_affected();
            swept += found;
            if found < SWEPT_AT_ONCE {
                return Ok(swept);
            }
        }
    }
}

fn session_row((account, role, token_version): (String, String, i64)) -> sqlx::Result<SessionRow> {
    Ok(SessionRow { account: parse_id("accounts.id", &account)?, role, token_version })
}

fn rotated((session, account, token_version): (String, String, i64)) -> sqlx::Result<Rotation> {
    let session = parse_id("refresh_tokens.session_id", &session)?;
    Ok(Rotation::Rotated { session, account: parse_id("sessions.account_id", &account)?, token_version })
}

/// Why an account may not log in, if it may not. A ban that is over is lifted.
async fn barred(db: &mut SqlConnection, account: AccountId, now_ms: u64) -> sqlx::Result<Option<Opening>> {
    let barred = "SELECT banned, ban_reason, ban_until_ms FROM accounts
                  WHERE id = $1 AND (activated = 0 OR deleted_at_ms IS NOT NULL)";
    let barred: Option<(i64, String, Option<i64>)> =
        sqlx::query_as(barred).bind(account.to_string()).fetch_optional(&mut *db).await?;
    let Some((banned, reason, until)) = barred else { return Ok(None) };
    if banned == 0 {
        return Ok(Some(Opening::NotActivated));
    }
    let ban = Ban { reason, until_ms: until.map(from_sql_ms) };
    if ban.is_over(now_ms) {
        let lift = "UPDATE accounts SET activated = 1, banned = 0, ban_reason = '', ban_until_ms = NULL
                    WHERE id = $1 AND deleted_at_ms IS NULL";
        if sqlx::query(lift).bind(account.to_string()).execute(db).await?.rows_affected() > 0 {
            return Ok(None);
        }
    }
    Ok(Some(Opening::Banned(ban)))
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

/// Ends a session and deletes its tokens; returns whether it was live. Tokens first: everybody locks in that order.
async fn end_session(db: &mut SqlConnection, session: Uuid, at_ms: u64) -> sqlx::Result<bool> {
    let session = session.to_string();
    sqlx::query("DELETE FROM refresh_tokens WHERE session_id = $1").bind(&session).execute(&mut *db).await?;
    let ended = sqlx::query("UPDATE sessions SET ended_at_ms = $2 WHERE id = $1 AND ended_at_ms IS NULL")
        .bind(&session)
        .bind(to_sql_ms(at_ms))
        .execute(db)
        .await?;
    Ok(ended.rows_affected() > 0)
}
