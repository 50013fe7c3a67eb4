//! Log-ins that are under way at a provider. Of each secret only a hash is kept: of the id, which opens the log-in, of what the
//! browser shows, and of its cookie.

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
    /// Its id, by which the program that has begun it asks for the outcome.
    pub id: &'a str,
    /// What the provider gives back to the browser.
    pub state: &'a str,
    /// The cookie of the browser that has begun it; `None` where a game has.
    pub cookie: Option<&'a str>,
    /// What the page and the game both show.
    pub code: &'a str,
    /// The address that has begun it, for the page.
    pub asker: &'a str,
    /// The provider.
    pub provider: &'static str,
    /// The account that the provider's is linked to, and its token version; `None` to log in.
    pub link: Option<(AccountId, i64)>,
    /// What the provider puts into its id token.
    pub nonce: &'a str,
    /// What proves to the provider that the same server began the log-in and trades the code.
    pub verifier: &'a str,
    /// The time in Unix milliseconds.
    pub at_ms: u64,
    /// How long the user may take, in milliseconds.
    pub lives_ms: u64,
}

/// What the provider's answer is checked against.
#[derive(Debug, Clone)]
pub struct OAuthSession {
    /// What has to be in the id token.
    pub nonce: String,
    /// What the code is traded with.
    pub verifier: String,
}

/// A log-in whose browser has come back, as its page needs it.
#[derive(Debug, Clone)]
pub struct OAuthPage {
    /// `working`, `asking`, `completed` or `error`.
    pub status: String,
    /// The provider.
    pub provider: String,
    /// Whom the provider's account is linked to, and the token version when that began; `None` to log in.
    pub link: Option<(AccountId, i64)>,
    /// Who the provider says it is, while it is `asking`: JSON.
    pub identity: String,
    /// Whether a browser has begun it, which has a cookie.
    pub is_bound: bool,
    cookie_hash: String,
    /// What the page and the game both show.
    pub code: String,
    /// The address that has begun it.
    pub asker: String,
    /// What has failed, for people.
    pub fault: String,
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
    /// `pending`, `working`, `asking`, `completed` or `error`.
    pub status: String,
    /// The provider.
    pub provider: String,
    /// Whom the provider's account is linked to.
    pub link: Option<AccountId>,
    /// The code of an error, and its text.
    pub error: (String, String),
}

/// A row as the database has it.
type PageRow = (String, String, Option<String>, i64, String, String, String, String, String);

fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}

impl OAuthPage {
    /// Whether this is the cookie of the browser that has begun it.
    pub fn is_of(&self, cookie: &str) -> bool {
        // Hashes tell nothing of each other, so how long the comparison takes tells nothing of the cookie.
        self.is_bound && self.cookie_hash == hash(cookie)
    }
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
                 (id_hash, browser_hash, cookie_hash, code, asker, provider, link_account_id, token_version, nonce,
                  verifier, status, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11)",
        )
        .bind(hash(new.id))
        .bind(hash(new.state))
        .bind(new.cookie.map(hash).unwrap_or_default())
        .bind(new.code)
        .bind(new.asker)
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

    /// Takes one that waits for its browser. From now on the browser shows `page` instead of the state. `None` if there is none,
    /// another browser was here already, or it has ended.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn take(
        &self,
        state: &str,
        provider: &str,
        page: &str,
        now_ms: u64,
    ) -> sqlx::Result<Option<OAuthSession>> {
        let mut db = self.0.write("take_oauth").await?;
        let row: Option<(String, String)> = sqlx::query_as(
            "UPDATE oauth_sessions SET status = 'working', browser_hash = $4
             WHERE browser_hash = $1 AND provider = $2 AND status = 'pending' AND expires_at_ms > $3
             RETURNING nonce, verifier",
        )
        .bind(hash(state))
        .bind(provider)
        .bind(to_sql_ms(now_ms))
        .bind(hash(page))
        .fetch_optional(&mut *db)
        .await?;
        Ok(row.map(|(nonce, verifier)| OAuthSession { nonce, verifier }))
    }

    /// Keeps who the provider says it is, for the page to ask.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn ask(&self, page: &str, identity: &str) -> sqlx::Result<()> {
        let mut db = self.0.write("ask_oauth").await?;
        sqlx::query(
            "UPDATE oauth_sessions SET status = 'asking', identity = $2, nonce = '', verifier = ''
             WHERE browser_hash = $1 AND status = 'working'",
        )
        .bind(hash(page))
        .bind(identity)
        .execute(&mut *db)
        .await
        .map(|_| ())
    }

    /// One whose browser has come back; `None` if there is none any more.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn page(&self, page: &str, now_ms: u64) -> sqlx::Result<Option<OAuthPage>> {
        let mut db = self.0.read("oauth_page").await?;
        let row: Option<PageRow> = sqlx::query_as(
            "SELECT status, provider, link_account_id, token_version, identity, cookie_hash, code, asker, details
             FROM oauth_sessions WHERE browser_hash = $1 AND status <> 'pending' AND expires_at_ms > $2",
        )
        .bind(hash(page))
        .bind(to_sql_ms(now_ms))
        .fetch_optional(&mut *db)
        .await?;
        let Some((status, provider, link, version, identity, cookie_hash, code, asker, fault)) = row else {
            return Ok(None);
        };
        let link = link.map(|id| parse_id("link_account_id", &id)).transpose()?.map(|account| (account, version));
        let is_bound = !cookie_hash.is_empty();
        Ok(Some(OAuthPage { status, provider, link, identity, is_bound, cookie_hash, code, asker, fault }))
    }

    /// Takes one whose page asks; `false` if it does not ask any more.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn answer(&self, page: &str, now_ms: u64) -> sqlx::Result<bool> {
        let mut db = self.0.write("answer_oauth").await?;
        let taken = sqlx::query(
            "UPDATE oauth_sessions SET status = 'working', identity = ''
             WHERE browser_hash = $1 AND status = 'asking' AND expires_at_ms > $2",
        )
        .bind(hash(page))
        .bind(to_sql_ms(now_ms))
        .execute(&mut *db)
        .await?;
        Ok(taken.rows_affected() > 0)
    }

    /// Ends one that was taken. It is kept for `lives_ms` more, so that its outcome can be asked for.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn end(&self, page: &str, ended: &Ended, now_ms: u64, lives_ms: u64) -> sqlx::Result<()> {
        let mut db = self.0.write("end_oauth").await?;
        let (status, account, error, details) = match ended {
            Ended::LoggedIn(account) => ("completed", Some(account.to_string()), "", ""),
            Ended::Linked => ("completed", None, "", ""),
            Ended::Failed(code, text) => ("error", None, *code, text.as_str()),
        };
        sqlx::query(
            "UPDATE oauth_sessions
             SET status = $2, account_id = $3, error = $4, details = $5, expires_at_ms = $6, nonce = '', verifier = ''
             WHERE browser_hash = $1 AND status = 'working'",
        )
        .bind(hash(page))
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
