//! `call_hook`: scripts that players call over the socket.

use realmgate_hooks::CallError;
use serde_json::{Value, json};
use tokio::task::JoinError;

use super::frame::{Said, Status};
use super::socket::Client;
use crate::events::End;
use crate::hooks::{HookError, Wish};

/// Most calls of a socket that are under way.
const MOST_CALLS: usize = 8;

impl Client {
    /// Begins a call. Its answer comes when it is done; what is told meanwhile does not wait for it.
    pub(super) async fn call_hook(&mut self, said: &Said) -> Result<(), End> {
        if self.calls.len() >= MOST_CALLS {
            return self.answer(said, &said.0, Status::Error, json!({"error": "too_many_calls"})).await;
        }
        // What is no object asks for nothing.
        let wish: Wish = serde_json::from_value(said.4.clone()).unwrap_or_default();
        let (hooks, account, said) = (self.community.hooks.clone(), self.caller.account, said.clone());
        let version = self.version;
        self.calls.spawn(async move {
            match hooks.call(account, wish).await {
                Ok(data) => version.reply(&said, &said.0, Status::Ok, &json!({"data": data})),
                Err(error) => version.reply(&said, &said.0, Status::Error, &refusal(&error)),
            }
        });
        Ok(())
    }

    /// Tells how a call has ended.
    pub(super) async fn tell_answer(&mut self, answered: Result<String, JoinError>) -> Result<(), End> {
        match answered {
            Ok(text) => self.write(text).await,
            Err(error) => {
                tracing::error!(%error, "call of a script ended without a response");
                Ok(())
            }
        }
    }
}

/// A refusal, as the socket says it.
fn refusal(error: &HookError) -> Value {
    match error {
        HookError::Call(CallError::NoPlugin) => json!({"error": "not_found"}),
        HookError::Exception { reference, .. } => json!({"error": error.code(), "reference": reference}),
        other => json!({"error": other.code()}),
    }
}
