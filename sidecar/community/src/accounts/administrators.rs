//! The first administrator of a realm whose first account was not made on its own machine: by a code that the start prints.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::AccountId;
use sha2::{Digest, Sha256};

use crate::http::Refusal;
use crate::store::AccountStore;

/// Random bytes of a code.
const CODE_BYTES: usize = 18;

/// A new code that makes an account the administrator of a realm that has none, in place of an earlier code; `None` where there is an
/// administrator. One account can use the code; the database has its hash.
///
/// # Errors
/// When the database cannot be asked, or there are no random bytes.
pub(crate) async fn offer_code(store: &AccountStore) -> Result<Option<String>, Error> {
    if store.has_administrator().await? {
        return Ok(None);
    }
    let mut bytes = [0; CODE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(anyhow::anyhow!("random bytes: {error}")))?;
    let code = URL_SAFE_NO_PAD.encode(bytes);
    store.set_administrator_code(&hash(&code)).await?;
    Ok(Some(code))
}

/// Uses a code. Returns whether the account is an administrator by it.
///
/// # Errors
/// When the database cannot be asked.
pub(crate) async fn claim(store: &AccountStore, account: AccountId, code: &str) -> sqlx::Result<bool> {
    let claimed = store.claim_administration(account, &hash(code.trim())).await?;
    if claimed {
        tracing::warn!(%account, "account became the administrator with the code of the start");
    }
    Ok(claimed)
}

/// The last administrator stays.
pub(super) fn last_administrator() -> Refusal {
    let message = "This is the last administrator: make another account an administrator first";
    Refusal::explained(StatusCode::CONFLICT, "last_administrator", message)
}

fn hash(code: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(code))
}
