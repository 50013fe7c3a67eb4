//! Who comes into a lobby, and who goes.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_key, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_platform::hook_subscriptions::{Arg, HookSubscriptions};
use realmgate_protocol::ids::AccountId;
use serde_json::json;
use uuid::Uuid;

use super::LobbyStore;
use super::find::{Wish, candidates};
use super::rows::{LobbyRow, LobbySettings, delete, insert, lock, read};

/// A lobby that is about to be made.
#[derive(Debug, Clone)]
pub struct NewLobby {
    /// Its id.
    pub id: Uuid,
    /// Who makes it, and is its host and first member; `None` for a lobby without a host, which is empty.
    pub host: Option<AccountId>,
    /// What its maker says of it.
    pub settings: LobbySettings,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

/// What has come of a wish to join.
#[derive(Debug, Clone)]
pub enum Joining {
    /// It is a member of this lobby now.
    Done(LobbyRow),
    /// There is no such lobby, or no such account any more.
    NotFound,
    /// It is in a lobby already.
    AlreadyInLobby,
    /// Nobody comes in.
    Locked,
    /// There is no place left.
    Full,
    /// A member blocks it, or is blocked by it.
    Blocked,
    /// Who comes in has the password of which this is the hash.
    Password(String),
}

/// What has come of a wish to have somebody out.
#[derive(Debug, Clone)]
pub enum Kicking {
    /// It is out.
    Done(LobbyRow),
    /// The caller is in no lobby.
    NotInLobby,
    /// The caller is not the host.
    NotHost,
    /// The caller is the one.
    Oneself,
    /// The other is not in the caller's lobby.
    NoMember,
}

/// The outcome of making a lobby.
#[derive(Debug, Clone)]
pub enum Making {
    /// It is made, and its host, if it has one, is in it.
    Done(Box<LobbyRow>),
    /// Its host is in one already.
    AlreadyInLobby,
    /// There is one that fits the wish.
    OneIsThere,
}

/// How somebody has left a lobby.
#[derive(Debug, Clone)]
pub struct Departure {
    /// The lobby as it was.
    pub lobby: LobbyRow,
    /// What the one who has left wants to be called.
    pub name: String,
    /// Whether the lobby is gone, since nobody is left.
    pub deleted: bool,
    /// Who is the host in place of the one who has left, and what that one wants to be called.
    pub new_host: Option<(AccountId, String)>,
}

impl LobbyStore {
    /// Makes a lobby; with a wish, only where there is none that fits it, even if others make one at the same time.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn create(&self, new: &NewLobby, unless: Option<&Wish>) -> sqlx::Result<Making> {
        retried!("create_lobby", async {
            let mut tx = self.0.begin_write("create_lobby").await?;
            if let Some(wish) = unless {
                lock_key(&mut tx, wish.key()).await?;
                if !candidates(&mut tx, wish).await?.is_empty() {
                    return Ok(Making::OneIsThere);
                }
            }
            lock_rows(&mut tx, Rows::Accounts, new.host.iter().map(ToString::to_string)).await?;
            if let Some(host) = new.host
                && seat_of(&mut tx, host).await?.is_some()
            {
                return Ok(Making::AlreadyInLobby);
            }
            insert(&mut tx, new).await?;
            if let Some(host) = new.host
                && !sit_down(&mut tx, host, new.id, new.at_ms).await?
            {
                return Ok(Making::AlreadyInLobby);
            }
            let made = read(&mut tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
            self.0.hook_subscriptions().note(&mut tx, "after_lobby_create", &[Arg::Lobby(new.id)]).await?;
            tx.commit().await?;
            Ok(Making::Done(Box::new(made)))
        })
    }

    /// Why `account` could not join a lobby now; `None` if it could. Who is refused here keeps no writer waiting.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn refusal(
        &self,
        account: AccountId,
        lobby: Uuid,
        proven: Option<&str>,
    ) -> sqlx::Result<Option<Joining>> {
        let mut db = self.0.begin_read("may_join_lobby").await?;
        let Some(row) = read(&mut db, lobby).await? else { return Ok(Some(Joining::NotFound)) };
        refusal(&mut db, account, &row, proven).await
    }

    /// `account` joins a lobby. `proven` is the hash of the password that it has shown to know, if any.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn join(
        &self,
        account: AccountId,
        lobby: Uuid,
        proven: Option<&str>,
        at_ms: u64,
    ) -> sqlx::Result<Joining> {
        retried!("join_lobby", async {
            let mut tx = self.0.begin_write("join_lobby").await?;
            // Before the lobby, as everybody does: an account that is being deleted does not come in any more.
            lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
            let Some(row) = lock(&mut tx, lobby).await? else { return Ok(Joining::NotFound) };
            if let Some(refused) = refusal(&mut tx, account, &row, proven).await? {
                return Ok(refused);
            }
            if !sit_down(&mut tx, account, lobby, at_ms).await? {
                return Ok(Joining::NotFound);
            }
            let both = [Arg::user(account), Arg::Lobby(lobby)];
            self.0.hook_subscriptions().note(&mut tx, "after_lobby_join", &both).await?;
            tx.commit().await?;
            Ok(Joining::Done(row))
        })
    }

    /// `account` leaves the lobby that it is in. `None` where it is in none.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn leave(&self, account: AccountId) -> sqlx::Result<Option<Departure>> {
        retried!("leave_lobby", async {
            let mut tx = self.0.begin_write("leave_lobby").await?;
            let departure = depart(&mut tx, self.0.hook_subscriptions(), account).await?;
            tx.commit().await?;
            Ok(departure)
        })
    }

    /// `caller` has somebody out of the lobby that both are in.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn kick(&self, caller: AccountId, target: AccountId) -> sqlx::Result<Kicking> {
        retried!("kick", async {
            let mut tx = self.0.begin_write("kick").await?;
            let Some(row) = own(&mut tx, caller).await? else { return Ok(Kicking::NotInLobby) };
            if row.host.is_some_and(|host| host != caller) {
                return Ok(Kicking::NotHost);
            }
            if caller == target {
                return Ok(Kicking::Oneself);
            }
            if !stand_up(&mut tx, target, row.id).await? {
                return Ok(Kicking::NoMember);
            }
            let all = [Arg::user(caller), Arg::user(target), Arg::Lobby(row.id)];
            self.0.hook_subscriptions().note(&mut tx, "after_lobby_kick", &all).await?;
            tx.commit().await?;
            Ok(Kicking::Done(row))
        })
    }

    /// Deletes a lobby. Returns how it was, and who was in it; `None` if there is none.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn delete(&self, id: Uuid) -> sqlx::Result<Option<(LobbyRow, Vec<AccountId>)>> {
        retried!("delete_lobby", async {
            let mut tx = self.0.begin_write("delete_lobby").await?;
            let Some(row) = lock(&mut tx, id).await? else { return Ok(None) };
            let members = "SELECT account_id FROM lobby_members WHERE lobby_id = $1 ORDER BY account_id";
            let members: Vec<String> = sqlx::query_scalar(members).bind(id.to_string()).fetch_all(&mut *tx).await?;
            delete(&mut tx, id).await?;
            self.0.hook_subscriptions().note(&mut tx, "after_lobby_deleted", &[Arg::Value(row.outline())]).await?;
            tx.commit().await?;
            let members = members.iter().map(|id| parse_id("account_id", id)).collect::<sqlx::Result<_>>()?;
            Ok(Some((row, members)))
        })
    }
}

/// Why an account may not join a lobby: the first reason of several.
async fn refusal(
    db: &mut SqlConnection,
    account: AccountId,
    row: &LobbyRow,
    proven: Option<&str>,
) -> sqlx::Result<Option<Joining>> {
    if seat_of(db, account).await?.is_some() {
        return Ok(Some(Joining::AlreadyInLobby));
    }
    if row.settings.locked {
        return Ok(Some(Joining::Locked));
    }
    if count(db, row.id).await? >= row.settings.max_users {
        return Ok(Some(Joining::Full));
    }
    if is_blocked(db, account, row.id).await? {
        return Ok(Some(Joining::Blocked));
    }
    let unproven = row.settings.password.as_ref().filter(|hash| proven != Some(hash.as_str()));
    Ok(unproven.map(|hash| Joining::Password(hash.clone())))
}

/// An account leaves the lobby that it is in: the host is who has the oldest account of those left, and a lobby that nobody is
/// left in is deleted.
pub(in super::super) async fn depart(
    db: &mut SqlConnection,
    subscriptions: &HookSubscriptions,
    account: AccountId,
) -> sqlx::Result<Option<Departure>> {
    let Some(lobby) = own(db, account).await? else { return Ok(None) };
    let name = "SELECT display_name FROM profiles WHERE account_id = $1";
    let name: Option<String> = sqlx::query_scalar(name).bind(account.to_string()).fetch_optional(&mut *db).await?;
    stand_up(db, account, lobby.id).await?;
    let heir = if lobby.host == Some(account) { oldest(db, lobby.id).await? } else { None };
    let deleted = lobby.host == Some(account) && heir.is_none();
    if deleted {
        delete(db, lobby.id).await?;
    } else if let Some((host, _)) = &heir {
        sqlx::query("UPDATE lobbies SET host_id = $2 WHERE id = $1")
            .bind(lobby.id.to_string())
            .bind(host.to_string())
            .execute(&mut *db)
            .await?;
        let both = [Arg::Lobby(lobby.id), Arg::Value(json!(host.to_string()))];
        subscriptions.note(db, "after_lobby_host_change", &both).await?;
    }
    let gone = if deleted { Arg::Value(lobby.outline()) } else { Arg::Lobby(lobby.id) };
    subscriptions.note(db, "after_lobby_leave", &[Arg::user(account), gone]).await?;
    Ok(Some(Departure { lobby, name: name.unwrap_or_default(), deleted, new_host: heir }))
}

/// The lobby that an account is in, locked. `None` where it is in none, or not any more.
pub(super) async fn own(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<Option<LobbyRow>> {
    let Some(seat) = seat_of(db, account).await? else { return Ok(None) };
    let Some(row) = lock(db, seat).await? else { return Ok(None) };
    // It may have lost its seat before the lobby was locked.
    Ok(if seat_of(db, account).await? == Some(row.id) { Some(row) } else { None })
}

/// The lobby that an account is in.
pub(super) async fn seat_of(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<Option<Uuid>> {
    let query = "SELECT lobby_id FROM lobby_members WHERE account_id = $1";
    let id: Option<String> = sqlx::query_scalar(query).bind(account.to_string()).fetch_optional(db).await?;
    id.map(|id| parse_id("lobby_id", &id)).transpose()
}

/// How many members a lobby has.
pub(super) async fn count(db: &mut SqlConnection, lobby: Uuid) -> sqlx::Result<i64> {
    let query = "SELECT COUNT(*) FROM lobby_members WHERE lobby_id = $1";
    sqlx::query_scalar(query).bind(lobby.to_string()).fetch_one(db).await
}

/// The member whose account is oldest, and what it wants to be called.
pub(super) async fn oldest(db: &mut SqlConnection, lobby: Uuid) -> sqlx::Result<Option<(AccountId, String)>> {
    let query = "SELECT a.id, COALESCE(p.display_name, '') FROM lobby_members m JOIN accounts a ON a.id = m.account_id
                 LEFT JOIN profiles p ON p.account_id = a.id WHERE m.lobby_id = $1 ORDER BY a.created_at_ms, a.id LIMIT 1";
    let found: Option<(String, String)> = sqlx::query_as(query).bind(lobby.to_string()).fetch_optional(db).await?;
    found.map(|(id, name)| Ok((parse_id("id", &id)?, name))).transpose()
}

/// Makes a member of an account that is there. Returns whether it is.
async fn sit_down(db: &mut SqlConnection, account: AccountId, lobby: Uuid, at_ms: u64) -> sqlx::Result<bool> {
    let insert = "INSERT INTO lobby_members (account_id, lobby_id, joined_at_ms)
                  SELECT id, $2, $3 FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
    let insert = sqlx::query(insert).bind(account.to_string()).bind(lobby.to_string()).bind(to_sql_ms(at_ms));
    Ok(insert.execute(db).await?.rows_affected() > 0)
}

/// Returns whether the account was a member.
async fn stand_up(db: &mut SqlConnection, account: AccountId, lobby: Uuid) -> sqlx::Result<bool> {
    let gone = sqlx::query("DELETE FROM lobby_members WHERE account_id = $1 AND lobby_id = $2");
    Ok(gone.bind(account.to_string()).bind(lobby.to_string()).execute(db).await?.rows_affected() > 0)
}

/// Whether an account and a member of the lobby block one another.
async fn is_blocked(db: &mut SqlConnection, account: AccountId, lobby: Uuid) -> sqlx::Result<bool> {
    let query = "SELECT COUNT(*) FROM lobby_members m WHERE m.lobby_id = $2 AND EXISTS (
                     SELECT 1 FROM friendships f WHERE f.status = 'blocked'
                     AND ((f.requester_id = $1 AND f.target_id = m.account_id) OR (f.target_id = $1 AND f.requester_id = m.account_id)))";
    let blocks: i64 = sqlx::query_scalar(query).bind(account.to_string()).bind(lobby.to_string()).fetch_one(db).await?;
    Ok(blocks > 0)
}
