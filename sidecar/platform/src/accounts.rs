//! New accounts: the rows that every account has, whichever way it came.

use realmgate_protocol::ids::AccountId;

use crate::database::SqlConnection;
use crate::database::columns::to_sql_ms;
use crate::hook_subscriptions::{Arg, HookSubscriptions};

/// Allowed lengths of a profile's user name, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameLength {
    /// The shortest.
    pub least: usize,
    /// The longest.
    pub most: usize,
}

impl NameLength {
    /// Those where nobody has set others.
    pub const USUAL: Self = Self { least: 3, most: 32 };
    /// Every one that an operator may allow, for a name that was checked before.
    pub const ANY: Self = Self { least: 1, most: 64 };
}

/// An account to be created.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: AccountId,
    /// The user name that others shall see; the account's id takes its place where it is not [legal](is_username) or
    /// somebody else has it.
    pub username: &'a str,
    /// How long that name may be.
    pub length: NameLength,
    /// What others shall call it; may be empty.
    pub display_name: &'a str,
    /// Whether it may log in at once. The first administrator always may.
    pub activated: bool,
    /// Whether somebody on this machine makes it. Only then is the first account of a database its administrator.
    pub from_this_machine: bool,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

/// Whether a text may be the user name of a profile: small letters and digits, with single `.`, `_` and `-` between.
pub fn is_username(text: &str, length: NameLength) -> bool {
    let (mut after_sign, mut legal) = (true, (length.least..=length.most).contains(&text.len()));
    for byte in text.bytes() {
        let sign = matches!(byte, b'.' | b'_' | b'-');
        legal &= (sign && !after_sign) || byte.is_ascii_lowercase() || byte.is_ascii_digit();
        after_sign = sign;
    }
    legal && !after_sign
}

/// Inserts an account and its profile within a transaction. The first account that a database ever has is its
/// administrator if it is made on this machine: of several at once, the database says which is the first. `subscriptions` run
/// the scripts that wait for new accounts.
///
/// # Errors
/// When the database cannot be asked, or has an account of this id.
pub async fn insert(
    db: &mut SqlConnection,
    subscriptions: &HookSubscriptions,
    new: NewAccount<'_>,
) -> sqlx::Result<()> {
    let id = new.id.to_string();
    let first = sqlx::query("INSERT INTO first_account (one, account_id) VALUES (1, $1) ON CONFLICT (one) DO NOTHING")
        .bind(&id)
        .execute(&mut *db)
        .await?
        .rows_affected()
        > 0;
    let is_admin = first && new.from_this_machine;
    sqlx::query("INSERT INTO accounts (id, role, created_at_ms, activated) VALUES ($1, $2, $3, $4)")
        .bind(&id)
        .bind(if is_admin { "admin" } else { "player" })
        .bind(to_sql_ms(new.at_ms))
        .bind(i64::from(is_admin || new.activated))
        .execute(&mut *db)
        .await?;
    let by_id = id.replace('-', "");
    let wanted = if is_username(new.username, new.length) { new.username } else { &by_id };
    if !insert_profile(db, &id, wanted, new.display_name).await? {
        insert_profile(db, &id, &by_id, new.display_name).await?;
    }
    subscriptions.note(db, "after_user_register", &[Arg::user(new.id)]).await
}

/// Gives an account a profile if it has none: one that an older sidecar has made. It is called by its id.
///
/// # Errors
/// When the database cannot be asked, or has no such account.
pub async fn ensure_profile(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<()> {
    let id = account.to_string();
    insert_profile(db, &id, &id.replace('-', ""), "").await.map(|_| ())
}

/// A name as the index of profiles has it: its small letters, as hexadecimal UTF-8. The key of its beginning begins it, so a sigma is the
/// same at the end of a word.
pub fn name_key(name: &str) -> String {
    name.to_lowercase().replace('ς', "σ").bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Inserts a profile, unless it is there, somebody else has the name, or logs in by it.
async fn insert_profile(db: &mut SqlConnection, id: &str, username: &str, display: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO profiles (account_id, username, display_name, username_key, display_key)
         SELECT $1, $2, $3, $4, $5
         WHERE NOT EXISTS (SELECT 1 FROM credentials WHERE kind = 'password' AND subject = $2 AND account_id <> $1)
         ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(username)
    .bind(display)
    .bind(name_key(username))
    .bind(name_key(display))
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_name_begins_with_that_of_its_beginning_in_any_case() {
        for (name, beginning) in [("Ann", "aN"), ("ΟΔΥΣΣΕΥΣ", "ΟΔΥΣ"), ("Οδυσσεύς", "ΟΔΥΣ"), ("ŻÓŁW", "żó")]
        {
            assert!(name_key(name).starts_with(&name_key(beginning)), "{beginning} of {name}");
        }
        assert!(!name_key("Ann").starts_with(&name_key("am")));
    }

    #[test]
    fn user_names_of_profiles_are_plain() {
        for good in ["ann", "a.b_c-d", "x12", &"x".repeat(32)] {
            assert!(is_username(good, NameLength::USUAL), "{good}");
        }
        for bad in ["", "ab", "Ann", "a..b", "a._b", ".ann", "ann-", "a b", "änn", "a@b.c", &"x".repeat(33)] {
            assert!(!is_username(bad, NameLength::USUAL), "{bad}");
        }
        assert!(is_username("a", NameLength::ANY) && is_username(&"x".repeat(64), NameLength::ANY));
    }

    #[test]
    fn keys_of_names_begin_alike_where_names_do() {
        assert_eq!((name_key("Änn"), name_key("än")), ("c3a46e6e".to_owned(), "c3a46e".to_owned()));
    }
}
