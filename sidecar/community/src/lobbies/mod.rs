//! Lobbies: rooms in which players come together, with a host who decides.
//!
//! Who is in a lobby stays in it until it leaves, is kicked, or its account ends: not for as long as it is connected.

mod scripted;
pub mod shapes;
mod tell;
pub(crate) mod wishes;

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::clock::Clock;
use realmgate_platform::gates::Gates;
use realmgate_platform::limits::{Limits, Source};
use realmgate_platform::passwords::Passwords;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use self::wishes::Wanted;
use crate::accounts::rules::length_fault;
use crate::events::Events;
use crate::field_limits::{FieldLimits, LONGEST_LOBBY_PASSWORD};
use crate::hooks::Hooks;
use crate::http::{Fields, Refusal};
use crate::notifications::Notifications;
use crate::store::{
    AccountStore, Changer, Changing, Joining, Kicking, LobbyRow, LobbyStore, Making, NewLobby, ProfileRow, Wish,
};

/// How often a quick join looks again for a lobby after others have made one.
const QUICK_TRIES: usize = 16;
/// How often a password is checked that changes while it is.
const TRIES: usize = 3;

/// Lobbies, and who is in them.
pub struct Lobbies {
    pub(crate) store: LobbyStore,
    pub(crate) accounts: AccountStore,
    pub(crate) events: Events,
    pub(crate) notifications: Notifications,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Clock,
    pub(crate) field_limits: FieldLimits,
    /// Of a crowd that wants into one lobby, one at a time asks the database.
    pub(crate) doors: Gates<Uuid>,
}

impl Lobbies {
    /// Makes a lobby, of which the caller is the host.
    ///
    /// # Errors
    /// 409 for who is in one already, 429 for too many changes or passwords.
    pub async fn create(&self, source: Source, caller: AccountId, wanted: Wanted) -> Result<LobbyRow, Refusal> {
        self.limits.lobby_change(caller, source).await?;
        self.known(caller).await?;
        // Asked before a password is hashed; decided when the lobby is made.
        if self.store.of(caller).await?.is_some() {
            return Err(already_in_lobby());
        }
        let new = self.new_lobby(source, caller, Some(caller), wanted).await?;
        self.make(&new, None).await?.ok_or_else(already_in_lobby)
    }

    /// A lobby that is not hidden, with its members. A user who is not behind its password does not learn who is: the members are
    /// left out.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn read(&self, viewer: AccountId, lobby: Uuid) -> Result<Option<(LobbyRow, Vec<ProfileRow>)>, Refusal> {
        let found = self.store.with_members(lobby).await?.filter(|(row, _)| !row.settings.hidden);
        Ok(found.map(|(row, mut members)| {
            if row.settings.password.is_some() && members.iter().all(|member| member.account != viewer) {
                members.clear();
            }
            (row, members)
        }))
    }

    /// Makes a lobby without a host for an administrator, who is no member of it.
    ///
    /// # Errors
    /// 403 where a script refuses it, 429 for too many passwords.
    pub async fn create_hostless(
        &self,
        source: Source,
        caller: AccountId,
        wanted: Wanted,
    ) -> Result<LobbyRow, Refusal> {
        let new = self.new_lobby(source, caller, None, wanted).await?;
        self.make(&new, None).await?.ok_or_else(already_in_lobby)
    }

    /// Makes a lobby; with a wish, `None` where there is one that fits it.
    async fn make(&self, new: &NewLobby, unless: Option<&Wish>) -> Result<Option<LobbyRow>, Refusal> {
        match self.store.create(new, unless).await? {
            Making::Done(made) => {
                self.tell_made(new.host, &made);
                Ok(Some(*made))
            }
            Making::AlreadyInLobby => Err(already_in_lobby()),
            Making::OneIsThere => Ok(None),
        }
    }

    /// A lobby as the caller and scripts want it.
    async fn new_lobby(
        &self,
        source: Source,
        caller: AccountId,
        host: Option<AccountId>,
        wanted: Wanted,
    ) -> Result<NewLobby, Refusal> {
        let mut wanted = self.before_create(host, wanted).await?;
        let (id, password) = (Uuid::now_v7(), self.hashed(source, caller, wanted.password.take()).await?.flatten());
        let settings = wanted.settings(id, password, &self.field_limits);
        Ok(NewLobby { id, host, settings, at_ms: self.clock.now_ms() })
    }

    /// Changes the lobby that the caller is the host of, or the one that an administrator names.
    ///
    /// # Errors
    /// 400 for who is in none, 404 for no such lobby, 403 for who is not its host, 422 for what cannot be, 429 for too many changes of a
    /// member.
    pub async fn change(
        &self,
        source: Source,
        caller: AccountId,
        changer: Changer,
        wanted: Wanted,
    ) -> Result<LobbyRow, Refusal> {
        if let Changer::Member(member) = changer {
            self.limits.lobby_change(member, source).await?;
        }
        let Wanted { mut change, password } = self.before_change(changer, wanted).await?;
        change.password = self.hashed(source, caller, password).await?;
        match self.store.change(changer, change).await? {
            Changing::Done(both) => {
                let (before, after) = *both;
                self.tell_changed(&before, &after);
                Ok(after)
            }
            Changing::NoLobby if changer == Changer::Member(caller) => Err(not_in_lobby()),
            Changing::NoLobby => Err(not_found()),
            Changing::NotHost => Err(forbidden("not_host")),
            Changing::TooSmall => Err(Refusal::error(StatusCode::UNPROCESSABLE_ENTITY, "too_small")),
            Changing::NoMember => {
                let fields = Fields::from([("host_id", vec!["is not a member".into()])]);
                Err(Refusal::fields(StatusCode::UNPROCESSABLE_ENTITY, &fields))
            }
        }
    }

    /// The caller joins a lobby.
    ///
    /// # Errors
    /// 404 for no such lobby, 403 for one that it may not join, 429 for too many changes or passwords.
    pub async fn join(
        &self,
        source: Source,
        caller: AccountId,
        lobby: Uuid,
        password: Option<&str>,
    ) -> Result<LobbyRow, Refusal> {
        self.limits.lobby_change(caller, source).await?;
        let profile = self.known(caller).await?;
        self.before_join(&profile, lobby, password).await?;
        let mut proven = None;
        for _ in 0..TRIES {
            match self.try_join(caller, lobby, proven.as_deref()).await? {
                Joining::Done(row) => {
                    self.tell_joined(profile, &row);
                    return Ok(row);
                }
                Joining::NotFound => return Err(not_found()),
                Joining::AlreadyInLobby => return Err(forbidden("already_in_lobby")),
                Joining::Locked => return Err(forbidden("locked")),
                Joining::Full => return Err(forbidden("full")),
                Joining::Blocked => return Err(forbidden("blocked")),
                Joining::Password(hash) => {
                    let given = password.filter(|given| !given.is_empty());
                    let given = given.ok_or_else(|| forbidden("password_required"))?;
                    if !self.fits(source, caller, given, &hash).await? {
                        return Err(forbidden("invalid_password"));
                    }
                    proven = Some(hash);
                }
            }
        }
        Err(forbidden("cannot_join"))
    }

    /// The caller leaves its lobby; nothing, if it is in none. Who leaves has come in before, which is counted.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn leave(&self, caller: AccountId) -> Result<(), Refusal> {
        let Some(lobby) = self.store.of(caller).await? else { return Ok(()) };
        let _alone = self.doors.pass(lobby).await;
        let departure = self.store.leave(caller).await?;
        self.before_leave(caller, departure.as_ref()).await?;
        self.tell_departure(caller, departure);
        Ok(())
    }

    /// The caller, who is the host, has a member out.
    ///
    /// # Errors
    /// 400 for who is in no lobby, 403 for who is not the host, 404 for nobody, 422 for no member.
    pub async fn kick(&self, caller: AccountId, target: AccountId) -> Result<(), Refusal> {
        self.before_kick(caller, target).await?;
        match self.store.kick(caller, target).await? {
            Kicking::Done(row) => {
                let profile = self.accounts.profile(target).await?;
                self.tell_kicked(caller, target, profile, &row).await;
                Ok(())
            }
            Kicking::NotInLobby => Err(not_in_lobby()),
            Kicking::NotHost => Err(forbidden("not_host")),
            Kicking::Oneself => Err(forbidden("cannot_kick_self")),
            Kicking::NoMember => match self.accounts.profile(target).await? {
                Some(_) => Err(Refusal::error(StatusCode::UNPROCESSABLE_ENTITY, "unexpected_error")),
                None => Err(not_found()),
            },
        }
    }

    /// The caller joins the oldest lobby that is as it wants; where there is none, it makes one.
    ///
    /// # Errors
    /// 409 for who is in one already, 403 for what [`Lobbies::join`] refuses, 429 for too many changes.
    pub async fn quick_join(&self, source: Source, caller: AccountId, wanted: Wanted) -> Result<LobbyRow, Refusal> {
        self.limits.lobby_change(caller, source).await?;
        let profile = self.known(caller).await?;
        if profile.lobby.is_some() {
            return Err(already_in_lobby());
        }
        let metadata = wanted.change.metadata.clone().unwrap_or_default();
        let wish = Wish { max_users: wanted.change.max_users, metadata };
        if let Some(joined) = self.join_any(&profile, &wish).await? {
            return Ok(joined);
        }
        let new = self.new_lobby(source, caller, Some(caller), wanted).await?;
        // Of many who want the same at once, one makes it and the others come in, until it is full and one makes the next.
        for _ in 0..QUICK_TRIES {
            if let Some(made) = self.make(&new, Some(&wish)).await? {
                return Ok(made);
            }
            if let Some(joined) = self.join_any(&profile, &wish).await? {
                return Ok(joined);
            }
        }
        self.make(&new, None).await?.ok_or_else(already_in_lobby)
    }

    /// Joins one of the oldest lobbies that fit a wish; `None` where there is none, or all of them have filled or ended meanwhile.
    async fn join_any(&self, profile: &ProfileRow, wish: &Wish) -> Result<Option<LobbyRow>, Refusal> {
        for lobby in self.store.candidates(wish).await? {
            self.before_join(profile, lobby, None).await?;
            match self.try_join(profile.account, lobby, None).await? {
                Joining::Done(row) => {
                    self.tell_joined(profile.clone(), &row);
                    return Ok(Some(row));
                }
                // Filled or ended since it was found.
                Joining::Full | Joining::NotFound => {}
                Joining::AlreadyInLobby => return Err(already_in_lobby()),
                Joining::Locked => return Err(forbidden("locked")),
                Joining::Blocked => return Err(forbidden("blocked")),
                Joining::Password(_) => return Err(forbidden("password_required")),
            }
        }
        Ok(None)
    }

    /// Deletes a lobby for an administrator.
    ///
    /// # Errors
    /// 404 for no such lobby.
    pub async fn delete(&self, lobby: Uuid) -> Result<(), Refusal> {
        self.before_delete(lobby).await?;
        let (row, members) = self.store.delete(lobby).await?.ok_or_else(not_found)?;
        self.tell_deleted(&row, &members);
        Ok(())
    }

    async fn try_join(&self, caller: AccountId, lobby: Uuid, proven: Option<&str>) -> sqlx::Result<Joining> {
        let _alone = self.doors.pass(lobby).await;
        match self.store.refusal(caller, lobby, proven).await? {
            Some(refused) => Ok(refused),
            None => self.store.join(caller, lobby, proven, self.clock.now_ms()).await,
        }
    }

    /// The hash of a password that the caller sets; an empty one is none.
    async fn hashed(
        &self,
        source: Source,
        caller: AccountId,
        password: Option<String>,
    ) -> Result<Option<Option<String>>, Refusal> {
        let Some(password) = password else { return Ok(None) };
        if password.is_empty() {
            return Ok(Some(None));
        }
        self.limits.lobby_password(caller).await?;
        let turn = self.passwords.turn(source, &caller.to_string()).await?;
        Ok(Some(Some(turn.hash(password.into()).await?)))
    }

    async fn fits(&self, source: Source, caller: AccountId, given: &str, hash: &str) -> Result<bool, Refusal> {
        // A lobby keeps its password when the limit is made smaller.
        if length_fault(given, LONGEST_LOBBY_PASSWORD).is_some() {
            return Ok(false);
        }
        self.limits.lobby_password(caller).await?;
        let turn = self.passwords.turn(source, &caller.to_string()).await?;
        Ok(turn.verify(given.to_owned().into(), Some(hash.to_owned())).await?.fits)
    }

    /// The caller's profile; one of an older version is given one.
    async fn known(&self, caller: AccountId) -> Result<ProfileRow, Refusal> {
        let gone = || Refusal::error(StatusCode::UNAUTHORIZED, "Failed.");
        self.accounts.profile(caller).await?.ok_or_else(gone)
    }
}

fn already_in_lobby() -> Refusal {
    Refusal::error(StatusCode::CONFLICT, "already_in_lobby")
}

fn not_in_lobby() -> Refusal {
    Refusal::error(StatusCode::BAD_REQUEST, "not_in_lobby")
}

fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}

fn forbidden(code: &'static str) -> Refusal {
    Refusal::error(StatusCode::FORBIDDEN, code)
}
