//! Accounts at providers as ways to log in. A credential's kind is the provider's name, its subject the provider's id.

use realmgate_platform::accounts::{NameLength, NewAccount, insert, name_key};
use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::AccountId;

use super::AccountStore;
use super::mail_links::insert_address;
use super::mails::{MailKind, insert_news};

/// The names of providers, as kinds of credentials.
const PROVIDERS: [&str; 5] = ["google", "discord", "apple", "facebook", "steam"];

/// Somebody's account at a provider.
#[derive(Debug, Clone, Copy)]
pub struct ProviderId<'a> {
    /// The provider's name.
    pub provider: &'static str,
    /// Its id of the account.
    pub subject: &'a str,
}

/// What of an account at a provider goes into an account here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'a> {
    /// What the provider calls it; may be empty.
    pub display_name: &'a str,
    /// Where the provider has its picture; may be empty.
    pub picture: &'a str,
}

/// An account to be made for somebody whom a provider knows.
#[derive(Debug, Clone, Copy)]
pub struct NewIdentity<'a> {
    /// The account's id.
    pub account: AccountId,
    /// Its unique name.
    pub username: &'a str,
    /// What the provider calls it.
    pub display_name: &'a str,
    /// Where the provider has its picture.
    pub picture: &'a str,
    /// An address that the provider says is theirs; empty for none.
    pub address: &'a str,
    /// Whether it may log in at once.
    pub activated: bool,
    /// Whether somebody on this machine makes it.
    pub from_this_machine: bool,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

/// The outcome of linking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// It opens the account.
    Done,
    /// It opens another account.
    Taken,
    /// The account's log-ins were ended since linking began, or it is gone.
    Gone,
}

/// The outcome of unlinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlinkedProvider {
    /// It opens the account no more.
    Done,
    /// It is the only one, or there is none.
    Last,
}

impl AccountStore {
    /// The account that this opens.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_identity(&self, id: ProviderId<'_>) -> sqlx::Result<Option<AccountId>> {
        let mut db = self.0.read("find_identity").await?;
        find(&mut db, id).await
    }

    /// Links to an account, in place of what it has of this provider, and fills its empty name and picture with what the provider
    /// has. `version` is its token version when that began.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn link_identity(
        &self,
        account: AccountId,
        version: i64,
        id: ProviderId<'_>,
        given: Given<'_>,
        at_ms: u64,
    ) -> sqlx::Result<Linking> {
        let mut tx = self.0.begin_write("link_identity").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        let query = "SELECT token_version FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
        let now: Option<i64> = sqlx::query_scalar(query).bind(account.to_string()).fetch_optional(&mut *tx).await?;
        if now != Some(version) {
            return Ok(Linking::Gone);
        }
        let delete = "DELETE FROM credentials WHERE account_id = $1 AND kind = $2";
        sqlx::query(delete).bind(account.to_string()).bind(id.provider).execute(&mut *tx).await?;
        if !insert_identity(&mut tx, account, id, at_ms).await? {
            return Ok(Linking::Taken);
        }
        fill_profile(&mut tx, account, given).await?;
        insert_news(&mut tx, account, MailKind::Provider, at_ms).await?;
        tx.commit().await?;
        Ok(Linking::Done)
    }

    /// Links to the account that has an address, which the provider says is theirs, unless that has another id of this
    /// provider. Returns the account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn link_by_address(
        &self,
        address: &str,
        id: ProviderId<'_>,
        at_ms: u64,
    ) -> sqlx::Result<Option<AccountId>> {
        let Some((account, _)) = self.find_address(address).await? else { return Ok(None) };
        let mut tx = self.0.begin_write("link_by_address").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        let free = "SELECT COUNT(*) FROM credentials
                    WHERE account_id = $1 AND kind = 'email' AND subject = $2
                      AND NOT EXISTS (SELECT 1 FROM credentials o WHERE o.account_id = $1 AND o.kind = $3)";
        let free: i64 = sqlx::query_scalar(free)
            .bind(account.to_string())
            .bind(address)
            .bind(id.provider)
            .fetch_one(&mut *tx)
            .await?;
        if free == 0 || !insert_identity(&mut tx, account, id, at_ms).await? {
            return Ok(None);
        }
        insert_news(&mut tx, account, MailKind::Provider, at_ms).await?;
        tx.commit().await?;
        Ok(Some(account))
    }

    /// Makes an account. Returns `false` if the name, the address or the provider's id is taken.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn create_by_identity(&self, new: NewIdentity<'_>, provider: ProviderId<'_>) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("create_account").await?;
        let NewIdentity { account: id, username, display_name, activated, from_this_machine, at_ms, .. } = new;
        let length = NameLength::ANY;
        let new_account = NewAccount { id, username, length, display_name, activated, from_this_machine, at_ms };
        insert(&mut tx, self.0.hook_subscriptions(), new_account).await?;
        let called: String =
            sqlx::query_scalar("UPDATE profiles SET profile_url = $2 WHERE account_id = $1 RETURNING username")
                .bind(id.to_string())
                .bind(new.picture)
                .fetch_one(&mut *tx)
                .await?;
        let has_address = new.address.is_empty() || insert_address(&mut tx, id, new.address, "", at_ms).await?;
        if called != username || !has_address || !insert_identity(&mut tx, id, provider, at_ms).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Unlinks a provider, if another one stays.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn unlink_identity(&self, account: AccountId, provider: &'static str) -> sqlx::Result<UnlinkedProvider> {
        let mut tx = self.0.begin_write("unlink_identity").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        let kinds: Vec<String> = sqlx::query_scalar("SELECT kind FROM credentials WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_all(&mut *tx)
            .await?;
        if kinds.iter().filter(|kind| is_provider(kind)).count() < 2 {
            return Ok(UnlinkedProvider::Last);
        }
        let delete = "DELETE FROM credentials WHERE account_id = $1 AND kind = $2";
        sqlx::query(delete).bind(account.to_string()).bind(provider).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(UnlinkedProvider::Done)
    }
}

/// Whether a kind of credential is a provider.
pub(super) fn is_provider(kind: &str) -> bool {
    PROVIDERS.contains(&kind)
}

async fn find(db: &mut SqlConnection, id: ProviderId<'_>) -> sqlx::Result<Option<AccountId>> {
    let query = "SELECT account_id FROM credentials WHERE kind = $1 AND subject = $2";
    let found: Option<String> = sqlx::query_scalar(query).bind(id.provider).bind(id.subject).fetch_optional(db).await?;
    found.map(|id| parse_id("account_id", &id)).transpose()
}

/// Fills what is empty of a profile.
async fn fill_profile(db: &mut SqlConnection, account: AccountId, given: Given<'_>) -> sqlx::Result<()> {
    let Given { display_name, picture } = given;
    if !display_name.is_empty() {
        let fill =
            "UPDATE profiles SET display_name = $2, display_key = $3 WHERE account_id = $1 AND display_name = ''";
        let fill = sqlx::query(fill).bind(account.to_string()).bind(display_name).bind(name_key(display_name));
        fill.execute(&mut *db).await?;
    }
    if !picture.is_empty() {
        let fill = "UPDATE profiles SET profile_url = $2 WHERE account_id = $1 AND profile_url = ''";
        sqlx::query(fill).bind(account.to_string()).bind(picture).execute(&mut *db).await?;
    }
    Ok(())
}

/// Inserts a provider's id; `false` if it opens an account already.
async fn insert_identity(
    db: &mut SqlConnection,
    account: AccountId,
    id: ProviderId<'_>,
    at_ms: u64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
         VALUES ($1, $2, '', '', $3, $4) ON CONFLICT (kind, subject) DO NOTHING",
    );
    let done = done.bind(id.provider).bind(id.subject).bind(account.to_string()).bind(to_sql_ms(at_ms));
    Ok(done.execute(db).await?.rows_affected() > 0)
}
