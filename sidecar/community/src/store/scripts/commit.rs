//! Journals are committed: all of one, or nothing.

use std::collections::BTreeSet;

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::boards::{Moved, Owner, Submission, Submitted};
use super::super::notifications::{NewNotification, NotificationRow, insert};
use super::super::{lobbies, profiles};
use super::due::{self, DueHook};
use super::journal::{Journal, Notice, Score};
use super::{ScriptStore, values};

/// What has come of a journal.
#[derive(Debug)]
pub enum Committed {
    /// All of it is done.
    Done(Effects),
    /// Something that it has read is not as it was. Nothing is done.
    Changed,
    /// Something of it cannot be done, for this reason. Nothing is done.
    Refused(&'static str),
}

/// What a journal has changed, for whoever is to be told.
#[derive(Debug, Default)]
pub struct Effects {
    /// Users with other metadata.
    pub users: Vec<AccountId>,
    /// Lobbies with other metadata.
    pub lobbies: Vec<Uuid>,
    /// Lobbies that were made, and whether each is hidden.
    pub new_lobbies: Vec<(Uuid, bool)>,
    /// Records that have changed.
    pub records: Vec<Moved>,
    /// Notifications that were made.
    pub notifications: Vec<NotificationRow>,
}

/// Why a journal is not committed.
enum Stop {
    Changed,
    Refused(&'static str),
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl ScriptStore {
    /// Commits a journal; with `due`, that call is made then.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries. Nothing is done then.
    pub async fn commit(&self, journal: &Journal, due: Option<&DueHook>, at_ms: u64) -> sqlx::Result<Committed> {
        retried!("commit_script", async {
            let mut tx = self.sql.begin_write("commit_script").await?;
            if let Some(due) = due
                && !due::remove(&mut tx, due).await?
            {
                return Ok(Committed::Refused("another sidecar makes the call"));
            }
            match self.apply(&mut tx, journal, at_ms).await {
                Ok(effects) => {
                    tx.commit().await?;
                    Ok(Committed::Done(effects))
                }
                Err(Stop::Changed) => Ok(Committed::Changed),
                Err(Stop::Refused(why)) => Ok(Committed::Refused(why)),
                Err(Stop::Sql(error)) => Err(error),
            }
        })
    }

    /// Does what a journal wants within a transaction. Locks as everybody does: accounts, lobbies, boards, and values last.
    async fn apply(&self, tx: &mut SqlConnection, journal: &Journal, at_ms: u64) -> Result<Effects, Stop> {
        let mut effects = Effects::default();
        let recipients = journal.notices.iter().map(|notice| &notice.recipient);
        let owners = journal.values.written.keys().filter_map(|key| key.user.as_ref());
        let accounts = journal.users.keys().chain(recipients).chain(owners);
        let accounts: BTreeSet<String> = accounts.map(ToString::to_string).collect();
        lock_rows(tx, Rows::Accounts, accounts).await?;
        write_users(tx, journal, &mut effects).await?;
        for new in &journal.new_lobbies {
            lobbies::insert(tx, new).await?;
            effects.new_lobbies.push((new.id, new.settings.hidden));
        }
        write_lobbies(tx, journal, &mut effects).await?;
        for score in &journal.scores {
            effects.records.push(self.submit(tx, score, at_ms).await?);
        }
        write_values(tx, journal, at_ms).await?;
        for notice in &journal.notices {
            let Notice { sender, recipient, title, content, metadata } = notice;
            let new = NewNotification { sender: *sender, recipient: *recipient, title, content, metadata, at_ms };
            effects.notifications.extend(insert(tx, new).await?);
        }
        Ok(effects)
    }

    async fn submit(&self, tx: &mut SqlConnection, score: &Score, at_ms: u64) -> Result<Moved, Stop> {
        let owner = Owner::User(score.user);
        let given = Submission { board: score.board, owner: &owner, score: score.score, metadata: &score.metadata };
        match self.boards.submit_within(tx, &given, at_ms).await? {
            Submitted::Done(moved) => Ok(*moved),
            Submitted::NoBoard => Err(Stop::Refused("the leaderboard does not exist")),
            Submitted::Ended => Err(Stop::Refused("the leaderboard has ended")),
            Submitted::NoUser => Err(Stop::Refused("the user does not exist")),
            Submitted::TooLarge => Err(Stop::Refused("the score is out of range")),
        }
    }
}

async fn write_users(tx: &mut SqlConnection, journal: &Journal, effects: &mut Effects) -> Result<(), Stop> {
    for account in journal.users.keys() {
        let now = profiles::metadata(tx, *account).await?;
        if !journal.users.still(account, now.as_ref()) {
            return Err(Stop::Changed);
        }
        if let Some(Some(metadata)) = journal.users.written.get(account)
            && now.is_some()
        {
            profiles::set_metadata(tx, *account, &Value::Object(metadata.clone())).await?;
            effects.users.push(*account);
        }
    }
    Ok(())
}

async fn write_lobbies(tx: &mut SqlConnection, journal: &Journal, effects: &mut Effects) -> Result<(), Stop> {
    let owners: BTreeSet<&Uuid> = journal.values.written.keys().filter_map(|key| key.lobby.as_ref()).collect();
    let all: BTreeSet<&Uuid> = journal.lobbies.keys().chain(owners.iter().copied()).collect();
    for id in all {
        let now: Option<Map<String, Value>> = lobbies::lock(tx, *id).await?.map(|row| row.settings.metadata);
        if now.is_none() && owners.contains(id) {
            return Err(Stop::Refused("the lobby does not exist"));
        }
        if !journal.lobbies.still(id, now.as_ref()) {
            return Err(Stop::Changed);
        }
        if let Some(Some(metadata)) = journal.lobbies.written.get(id)
            && now.is_some()
        {
            lobbies::set_metadata(tx, *id, metadata).await?;
            effects.lobbies.push(*id);
        }
    }
    Ok(())
}

async fn write_values(tx: &mut SqlConnection, journal: &Journal, at_ms: u64) -> Result<(), Stop> {
    for key in journal.values.keys() {
        if !journal.values.still(key, values::lock(tx, key).await?.as_ref()) {
            return Err(Stop::Changed);
        }
        if let Some(user) = key.user.filter(|_| journal.values.written.contains_key(key))
            && !profiles::is_there(tx, user).await?
        {
            return Err(Stop::Refused("the user does not exist"));
        }
        match journal.values.written.get(key) {
            None => {}
            Some(None) => values::remove(tx, key).await?,
            Some(Some(kept)) => {
                // What was not there could not be locked: whoever was first has it.
                let only_new = matches!(journal.values.read.get(key), Some(None));
                if !values::put(tx, key, kept, only_new, at_ms).await? {
                    return Err(Stop::Changed);
                }
            }
        }
    }
    Ok(())
}
