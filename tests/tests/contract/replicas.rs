//! What the other tests rely on where two replicas stand behind one address: both serve.

use std::collections::BTreeSet;

use realmgate_tests::{Account, Gateway, until};

use crate::backend::{Backend, on_backend};
use crate::servers::sidecar;

on_backend!(on_replicas, Replicas, calls_reach_both, sockets_reach_both);

async fn calls_reach_both(backend: Backend) {
    let sidecar = sidecar(backend).await;
    until("each replica has answered a registration", async || {
        Account::register(&sidecar.api()).await;
        for replica in sidecar.replicas() {
            if !replica.api().get("/metrics").await.text.contains(r#"route="/auth/register""#) {
                return None;
            }
        }
        Some(())
    })
    .await;
}

async fn sockets_reach_both(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let query = format!("?token={}", account.access_token);
    let mut welcomed_by = BTreeSet::new();
    until("each replica has welcomed a socket", async || {
        let mut gateway = Gateway::connect(sidecar.gateway(), &query, &[]).await.expect("the handshake is done");
        welcomed_by.insert(gateway.expect("welcome").await["gateway_id"].to_string());
        (welcomed_by.len() == 2).then_some(())
    })
    .await;
}
