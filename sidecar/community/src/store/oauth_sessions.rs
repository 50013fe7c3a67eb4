//! Log-ins that are under way at a provider. All that is kept of a session's id is its hash: whoever knows the id has the log-in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::database::SqlStore;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_protocol::ids::AccountId;
use sha2::{Digest, Sha256};

/// Log-ins at providers.
#[derive(Clone)]
pub struct OAuthSessionStore(SqlStore);

/// One that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewOAuthSession<'a> {
    /// Its id, which is the state that the provider gives back.
    pub id: &'a str,
    /// The provider.
    pub provider: &'static str,
    /// The account that the provider's is linked to, and its token version; `None` to log in.
    pub link: Option<(AccountId, i64)>,
    /// What the provider puts into its id token.
    pub nonce: &'a str,
    /// What proves to the provider that whoever trades the code has begun.
    pub verifier: &'a str,
    /// The time in Unix milliseconds.
    pub at_ms: u64,
    /// How long the player may take, in milliseconds.
    pub lives_ms: u64,
}

/// One that a browser has come back to.
#[derive(Debug, Clone)]
pub struct OAuthSession {
    /// Whom the provider's account is linked to; `None` to log in.
    pub link: Option<(AccountId, i64)>,
    /// What has to be in the id token.
    pub nonce: String,
    /// What the code is traded with.
    pub verifier: String,
}

/// How a log-in has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// This account may log in.
    LoggedIn(AccountId),
    /// The provider's account is linked.
    Linked,
    /// Neither: a code, and a text for people.
    Failed(&'static str, String),
}

/// How a log-in stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OAuthState {
    /// `pending`, `working`, `completed` or `error`.
    pub status: String,
    /// The provider.
    pub provider: String,
    /// Whom the provider's account is linked to.
    pub link: Option<AccountId>,
    /// The code of an error, and its text.
    pub error: (String, String),
}

fn hash(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(id))
}

impl OAuthSessionStore {
    /// Those in a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Begins one, and forgets those that have ended.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn begin(&self, new: NewOAuthSession<'_>) -> sqlx::Result<()> {
        let mut db = self.0.write("begin_oauth").await?;
        let sweep = "DELETE FROM oauth_sessions WHERE expires_at_ms <= $1";
        sqlx::query(sweep).bind(to_sql_ms(new.at_ms)).execute(&mut *db).await?;
        let (link, version) = new.link.map_or((None, 0), |(account, version)| (Some(account.to_string()), version));
        sqlx::query(
            "INSERT INTO oauth_sessions
                 (id_hash, provider, link_account_id, token_version, nonce, verifier, status, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7)",
        )
        .bind(hash(new.id))
        .bind(new.provider)
        .bind(link)
        .bind(version)
        .bind(new.nonce)
        .bind(new.verifier)
        .bind(to_sql_ms(new.at_ms + new.lives_ms))
        .execute(&mut *db)
        .await
        .map(|_| ())
    }

    /// Takes one that waits for its browser; `None` if there is none, another browser was here already, or it has ended.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn take(&self, id: &str, provider: &str, now_ms: u64) -> sqlx::Result<Option<OAuthSession>> {
        let mut db = self.0.write("take_oauth").await?;
        let row: Option<(Option<String>, i64, String, String)> = sqlx::query_as(
            "UPDATE oauth_sessions SET status = 'working'
             WHERE id_hash = $1 AND provider = $2 AND status = 'pending' AND expires_at_ms > $3
             RETURNING link_account_id, token_version, nonce, verifier",
        )
        .bind(hash(id))
        .bind(provider)
        .bind(to_sql_ms(now_ms))
        .fetch_optional(&mut *db)
        .await?;
        let Some((link, version, nonce, verifier)) = row else { return Ok(None) };
        let link = link.map(|id| parse_id("link_account_id", &id)).transpose()?;
        Ok(Some(OAuthSession { link: link.map(|account| (account, version)), nonce, verifier }))
    }

    /// Ends one that was taken. It is kept for `lives_ms` more, to be told.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn end(&self, id: &str, ended: &Ended, now_ms: u64, lives_ms: u64) -> sqlx::Result<()> {
        let mut db = self.0.write("end_oauth").await?;
        let (status, account, error, details) = match ended {
            Ended::LoggedIn(account) => ("completed", Some(account.to_string()), "", ""),
            Ended::Linked => ("completed", None, "", ""),
            Ended::Failed(code, text) => ("error", None, *code, text.as_str()),
        };
        sqlx::query(
            "UPDATE oauth_sessions
             SET status = $2, account_id = $3, error = $4, details = $5, expires_at_ms = $6, nonce = '', verifier = ''
             WHERE id_hash = $1 AND status = 'working'",
        )
        .bind(hash(id))
        .bind(status)
        .bind(account)
        .bind(error)
        .bind(details)
        .bind(to_sql_ms(now_ms + lives_ms))
        .execute(&mut *db)
        .await
        .map(|_| ())
    }

    /// How one stands; `None` if there is none any more.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn state(&self, id: &str, now_ms: u64) -> sqlx::Result<Option<OAuthState>> {
        let mut db = self.0.read("oauth_state").await?;
        let row: Option<(String, String, Option<String>, String, String)> = sqlx::query_as(
            "SELECT status, provider, link_account_id, error, details FROM oauth_sessions
             WHERE id_hash = $1 AND expires_at_ms > $2",
        )
        .bind(hash(id))
        .bind(to_sql_ms(now_ms))
        .fetch_optional(&mut *db)
        .await?;
        let Some((status, provider, link, error, details)) = row else { return Ok(None) };
        let link = link.map(|id| parse_id("link_account_id", &id)).transpose()?;
        Ok(Some(OAuthState { status, provider, link, error: (error, details) }))
    }

    /// The account that a completed log-in opens, at most `times` times: an answer may be lost on its way.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn hand_out(&self, id: &str, times: i64, now_ms: u64) -> sqlx::Result<Option<AccountId>> {
        let mut db = self.0.write("hand_out_oauth").await?;
        let account: Option<String> = sqlx::query_scalar(
            "UPDATE oauth_sessions SET handed_out = handed_out + 1
             WHERE id_hash = $1 AND account_id IS NOT NULL AND handed_out < $2 AND expires_at_ms > $3
             RETURNING account_id",
        )
        .bind(hash(id))
        .bind(times)
        .bind(to_sql_ms(now_ms))
        .fetch_optional(&mut *db)
        .await?;
        account.map(|id| parse_id("account_id", &id)).transpose()
    }
}
