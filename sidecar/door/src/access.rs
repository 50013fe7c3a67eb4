//! Who a client is: its access token, checked once at the door.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::sessions::SessionStore;
use realmgate_platform::tokens::{Caller, SignedToken, Tokens};
use realmgate_protocol::ids::AccountId;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long the state of a login is believed without asking the database again. A login that ends is refused after this time at
/// the latest.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// How often the logins of open sockets are checked in the database: a notice of another replica may be lost.
pub const RECHECK_EVERY: Duration = Duration::from_secs(30);

/// A user at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub account: AccountId,
    /// The login that the token comes from.
    pub session: Uuid,
    /// The account's role: `player` or `admin`.
    pub role: Arc<str>,
}

/// Checks access tokens, and ends what a login has opened when the login ends.
pub struct Access {
    tokens: Arc<Tokens>,
    sessions: SessionStore,
    /// By the text of the token: one that was verified a moment ago is not verified again.
    known: Mutex<HashMap<Box<str>, Known>>,
    open: Mutex<HashMap<Uuid, OpenSockets>>,
}

/// What was found out about a token a moment ago.
struct Known {
    token: SignedToken,
    /// Its user; `None` if its login has ended. So a client that goes on with an old token costs no query each time.
    user: Option<Arc<User>>,
    until: Instant,
}

/// The sockets of a login that are open here.
struct OpenSockets {
    count: usize,
    ended: CancellationToken,
}

/// A socket's place among those of its login. Dropped when the socket closes.
pub struct Seat {
    access: Arc<Access>,
    session: Uuid,
    ended: CancellationToken,
}

impl Access {
    /// Checks tokens with `tokens`, and logins in `sessions`.
    pub fn new(tokens: Arc<Tokens>, sessions: SessionStore) -> Arc<Self> {
        Arc::new(Self { tokens, sessions, known: Mutex::default(), open: Mutex::default() })
    }

    /// The user of an access token. `None` stands for a request without one.
    ///
    /// # Errors
    /// `UNAUTHORIZED` (401) without a token, `INVALID_TOKEN` (498) for one that is forged, expired, revoked or logged out; others
    /// when the database cannot be asked.
    pub async fn user(&self, token: Option<&str>) -> Result<Arc<User>, Error> {
        let token = token.ok_or(ErrorCode::Unauthorized)?;
        let now = Instant::now();
        let known = self
            .known()
            .get(token)
            .filter(|known| now < known.until && !self.tokens.has_expired(&known.token))
            .map(|known| known.user.clone());
        let user = match known {
            Some(user) => user,
            None => self.find(token, now).await?,
        };
        user.ok_or_else(|| ErrorCode::InvalidToken.into())
    }

    /// Verifies a token and asks the database for its user; `None` if the login has ended.
    async fn find(&self, token: &str, now: Instant) -> Result<Option<Arc<User>>, Error> {
        let signed = self.tokens.verify(token).map_err(at_the_door)?;
        let user = match self.tokens.find_caller(&signed).await {
            Ok(Caller { account, session, role }) => Some(Arc::new(User { account, session, role: role.into() })),
            Err(Error { code: ErrorCode::Unauthorized, .. }) => None,
            Err(error) => return Err(error),
        };
        self.known().insert(token.into(), Known { token: signed, user: user.clone(), until: now + KNOWN_FOR });
        Ok(user)
    }

    /// A place for a socket of this user, which ends with the login.
    ///
    /// # Errors
    /// As [`Access::user`], for a login that has ended since the token was checked.
    pub async fn take_seat(self: &Arc<Self>, user: &User) -> Result<Seat, Error> {
        let seat = {
            let mut open = self.open();
            let sockets =
                open.entry(user.session).or_insert_with(|| OpenSockets { count: 0, ended: CancellationToken::new() });
            sockets.count += 1;
            Seat { access: self.clone(), session: user.session, ended: sockets.ended.clone() }
        };
        // A login that ended before the seat was taken would not have found it.
        match self.sessions.find_live(user.session).await? {
            Some(_) => Ok(seat),
            None => Err(ErrorCode::InvalidToken.into()),
        }
    }

    /// A login has ended: its sockets here close, and its tokens are refused.
    pub fn end(&self, session: Uuid) {
        self.known().retain(|_, known| known.user.as_ref().is_none_or(|user| user.session != session));
        if let Some(sockets) = self.open().get(&session) {
            sockets.ended.cancel();
        }
    }

    /// Ends what logins have opened here as they end, until `shutdown`.
    pub async fn follow(&self, mut ends: broadcast::Receiver<Uuid>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                ended = ends.recv() => match ended {
                    Ok(session) => self.end(session),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.recheck().await,
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            }
        }
    }

    /// Ends the sockets of logins that have ended without a notice, and forgets tokens that are no longer used.
    pub async fn recheck(&self) {
        let now = Instant::now();
        self.known().retain(|_, known| now < known.until);
        let sessions: Vec<Uuid> = self.open().keys().copied().collect();
        for session in sessions {
            // When the database is unavailable, the next check decides.
            if let Ok(None) = self.sessions.find_live(session).await {
                self.end(session);
            }
        }
    }

    /// Sockets that are open here.
    pub fn open_sockets(&self) -> usize {
        self.open().values().map(|sockets| sockets.count).sum()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, OpenSockets>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Completes when the login has ended.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.access.open();
        if let Some(sockets) = open.get_mut(&self.session) {
            sockets.count -= 1;
            if sockets.count == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// A refused token is 498 at the door: a client may refresh it and repeat the request. Our own API answers 401 to both.
fn at_the_door(error: Error) -> Error {
    match error.code {
        ErrorCode::Unauthorized => ErrorCode::InvalidToken.into(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use realmgate_platform::clock::Clock;
    use realmgate_platform::config::TokenTimes;
    use realmgate_platform::testing::TestSql;

    use super::*;

    const ACCOUNT: AccountId = AccountId([1; 16]);
    const SESSION: Uuid = Uuid::from_bytes([2; 16]);
    const LIFETIME: Duration = Duration::from_secs(60);

    /// The access of a realm with one login, a token of it, the clock, and the database.
    async fn access() -> (Arc<Access>, String, Clock, TestSql) {
        let sql = TestSql::sqlite().await;
        sql.execute("INSERT INTO accounts (id, created_at_ms) VALUES ('01010101-0101-0101-0101-010101010101', 0)")
            .await;
        sql.execute(
            "INSERT INTO sessions (id, account_id, created_at_ms)
             VALUES ('02020202-0202-0202-0202-020202020202', '01010101-0101-0101-0101-010101010101', 0)",
        )
        .await;
        let (clock, sessions) = (Clock::manual(1_000_000), SessionStore::new(sql.sql.clone()));
        let keys = "a secret of at least thirty-two bytes!".parse().unwrap();
        let times = TokenTimes { access: LIFETIME, refresh: LIFETIME };
        let tokens = Arc::new(Tokens::new(&keys, times, sessions.clone(), clock.clone()));
        let (token, _) = tokens.mint_access(ACCOUNT, SESSION, 0).unwrap();
        (Access::new(tokens, sessions), token, clock, sql)
    }

    async fn refusal(access: &Access, token: &str) -> Option<ErrorCode> {
        access.user(Some(token)).await.err().map(|error| error.code)
    }

    #[tokio::test]
    async fn token_that_was_just_verified_is_refused_once_it_expires() {
        let (access, token, clock, _sql) = access().await;
        for _ in 0..2 {
            assert_eq!(access.user(Some(&token)).await.unwrap().session, SESSION);
        }
        clock.advance(LIFETIME);
        assert_eq!(refusal(&access, &token).await, Some(ErrorCode::InvalidToken));
    }

    #[tokio::test]
    async fn token_of_an_ended_login_is_refused_at_once() {
        let (access, token, _clock, sql) = access().await;
        assert_eq!(refusal(&access, &token).await, None);
        sql.execute("UPDATE sessions SET ended_at_ms = 1").await;
        access.end(SESSION);
        assert_eq!(refusal(&access, &token).await, Some(ErrorCode::InvalidToken));
    }

    #[tokio::test]
    async fn altered_token_is_refused_beside_the_verified_one() {
        let (access, token, _clock, _sql) = access().await;
        assert_eq!(refusal(&access, &token).await, None);
        let (body, signature) = token.rsplit_once('.').unwrap();
        let altered = format!("{body}.{}", signature.chars().rev().collect::<String>());
        assert_eq!(refusal(&access, &altered).await, Some(ErrorCode::InvalidToken));
        assert_eq!(access.user(None).await.err().map(|error| error.code), Some(ErrorCode::Unauthorized));
    }
}
