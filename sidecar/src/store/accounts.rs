//! Accounts and the credentials they are logged in to with.

use realmgate_protocol::ids::AccountId;

use super::{SqliteStore, to_sql_ms};

/// Accounts and their credentials.
#[async_trait::async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes an account with a password; `false` where the user name is taken.
    async fn create_with_password(&self, account: NewAccount<'_>) -> sqlx::Result<bool>;
    /// The account behind a folded user name.
    async fn find_password(&self, folded: &str) -> sqlx::Result<Option<PasswordRow>>;
    /// Gives the account of a folded user name a role; `false` where there is none.
    async fn set_role(&self, folded: &str, role: &str) -> sqlx::Result<bool>;
}

/// An account that is about to be.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: AccountId,
    /// The user name as it is compared.
    pub folded: &'a str,
    /// The user name as its owner wrote it.
    pub username: &'a str,
    /// The PHC string of the password.
    pub password_hash: &'a str,
    /// Now.
    pub at_ms: u64,
}

/// What a log-in by password is checked against.
#[derive(Debug, Clone)]
pub struct PasswordRow {
    /// Whose.
    pub account: AccountId,
    /// The PHC string of the password.
    pub password_hash: String,
    /// Goes into the access token: raising it revokes every token.
    pub token_version: i64,
}

#[async_trait::async_trait]
impl AccountStore for SqliteStore {
    async fn create_with_password(&self, new: NewAccount<'_>) -> sqlx::Result<bool> {
        let mut tx = self.begin_write().await?;
        let (id, at_ms) = (new.id.to_string(), to_sql_ms(new.at_ms));
        sqlx::query("INSERT INTO accounts (id, created_at_ms) VALUES ($1, $2)")
            .bind(&id)
            .bind(at_ms)
            .execute(&mut *tx)
            .await?;
        let credential = sqlx::query(
            "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
             VALUES ('password', $1, $2, $3, $4, $5)
             ON CONFLICT (kind, subject) DO NOTHING",
        )
        .bind(new.folded)
        .bind(new.password_hash)
        .bind(new.username)
        .bind(&id)
        .bind(at_ms)
        .execute(&mut *tx)
        .await?;
        if credential.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn find_password(&self, folded: &str) -> sqlx::Result<Option<PasswordRow>> {
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT c.account_id, c.secret, a.token_version
             FROM credentials c JOIN accounts a ON a.id = c.account_id
             WHERE c.kind = 'password' AND c.subject = $1",
        )
        .bind(folded)
        .fetch_optional(self.read())
        .await?;
        row.map(|(account, password_hash, token_version)| {
            Ok(PasswordRow { account: super::parse_id("account_id", &account)?, password_hash, token_version })
        })
        .transpose()
    }

    async fn set_role(&self, folded: &str, role: &str) -> sqlx::Result<bool> {
        let done = sqlx::query(
            "UPDATE accounts SET role = $2
             WHERE id IN (SELECT account_id FROM credentials WHERE kind = 'password' AND subject = $1)",
        )
        .bind(folded)
        .bind(role)
        .execute(self.write())
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
