//! What is changed of lobbies.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::retry::retried;
use realmgate_platform::hook_subscriptions::Arg;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::LobbyStore;
use super::rows::{LobbyRow, lock, read, replace_fields, update};
use super::seats::{count, oldest, own, seat_of};

/// What is changed of a lobby; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct LobbyChange {
    /// What it is called.
    pub title: Option<String>,
    /// Most members.
    pub max_users: Option<i64>,
    /// Whether it is in no list.
    pub hidden: Option<bool>,
    /// Whether nobody comes in.
    pub locked: Option<bool>,
    /// The hash of its password, or that it has none.
    pub password: Option<Option<String>>,
    /// How many seconds members wait between two lines that they say.
    pub slowdown: Option<i64>,
    /// What programs keep with it, in place of what was there.
    pub metadata: Option<Map<String, Value>>,
    /// Who is its host.
    pub host: Option<AccountId>,
    /// Whether it has none. Only administrators say so.
    pub hostless: Option<bool>,
}

/// Who changes a lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changer {
    /// A member, who may do so in the lobby that it is in.
    Member(AccountId),
    /// An administrator, in this one.
    Admin(Uuid),
}

/// What has come of a wish to change a lobby.
#[derive(Debug, Clone)]
pub enum Changing {
    /// How it was, and how it is.
    Done(Box<(LobbyRow, LobbyRow)>),
    /// There is no such lobby, or the member is in none.
    NoLobby,
    /// The member is not its host.
    NotHost,
    /// It has more members than it would have places.
    TooSmall,
    /// Who would be its host is no member.
    NoMember,
}

impl LobbyStore {
    /// Changes a lobby.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn change(&self, changer: Changer, change: LobbyChange) -> sqlx::Result<Changing> {
        retried!("change_lobby", self.try_change(changer, &change))
    }

    async fn try_change(&self, changer: Changer, change: &LobbyChange) -> sqlx::Result<Changing> {
        let mut tx = self.0.begin_write("change_lobby").await?;
        let before = match changer {
            Changer::Member(account) => own(&mut tx, account).await?,
            Changer::Admin(lobby) => lock(&mut tx, lobby).await?,
        };
        let Some(before) = before else { return Ok(Changing::NoLobby) };
        if matches!(changer, Changer::Member(account) if before.host.is_some_and(|host| host != account)) {
            return Ok(Changing::NotHost);
        }
        if let Some(most) = change.max_users
            && count(&mut tx, before.id).await? > most
        {
            return Ok(Changing::TooSmall);
        }
        let may_have_host = before.host.is_some() || matches!(changer, Changer::Admin(_));
        let Some(host) = host(&mut tx, &before, change, may_have_host).await? else { return Ok(Changing::NoMember) };
        let mut settings = before.settings.clone();
        settings.title = change.title.clone().unwrap_or(settings.title);
        settings.max_users = change.max_users.unwrap_or(settings.max_users);
        settings.hidden = change.hidden.unwrap_or(settings.hidden);
        settings.locked = change.locked.unwrap_or(settings.locked);
        settings.password = change.password.clone().unwrap_or(settings.password);
        settings.slowdown = change.slowdown.unwrap_or(settings.slowdown);
        if let Some(metadata) = change.metadata.clone() {
            replace_fields(&mut tx, before.id, &metadata).await?;
            settings.metadata = metadata;
        }
        update(&mut tx, before.id, host, &settings).await?;
        let Some(after) = read(&mut tx, before.id).await? else { return Ok(Changing::NoLobby) };
        self.0.hook_subscriptions().note(&mut tx, "after_lobby_updated", &[Arg::Lobby(after.id)]).await?;
        tx.commit().await?;
        Ok(Changing::Done(Box::new((before, after))))
    }
}

/// Who is the host from now on, if anybody; `None` where that would be nobody who is a member.
async fn host(
    db: &mut SqlConnection,
    before: &LobbyRow,
    change: &LobbyChange,
    may_have_host: bool,
) -> sqlx::Result<Option<Option<AccountId>>> {
    match (change.host.filter(|_| may_have_host), change.hostless) {
        (Some(host), _) => Ok((seat_of(db, host).await? == Some(before.id)).then_some(Some(host))),
        (None, Some(true)) => Ok(Some(None)),
        (None, Some(false)) if before.host.is_none() => Ok(oldest(db, before.id).await?.map(|(host, _)| Some(host))),
        (None, _) => Ok(Some(before.host)),
    }
}
