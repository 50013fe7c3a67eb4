//! Tickets without end, shown to the map server by clients that never connect.

use std::time::Duration;

use realmgate_client::token;
use realmgate_protocol::entry::EntryGrant;
use renetcode::{ClientAuthentication, NetcodeClient};

use super::super::hostile::{Hostile, Responses};

/// Entries of one act.
const ENTRIES: usize = 20;
/// Addresses that show one token.
const SHOWN_FROM: usize = 10;

pub(super) async fn flood(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let Some(mut socket) = hostile.gateway().await else { return responses };
    for _ in 0..ENTRIES {
        responses.asked += 1;
        match hostile.ask_in(&mut socket).await {
            Ok(success) => show(hostile, &success, 1).await,
            Err(code) if code == "CLOSED" => {
                responses.ended += 1;
                return responses;
            }
            Err(_) => responses.refused += 1,
        }
    }
    responses
}

pub(super) async fn half_open(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses { asked: 1, ..Responses::default() };
    let Some(mut socket) = hostile.gateway().await else { return responses };
    match hostile.ask_in(&mut socket).await {
        Ok(success) => show(hostile, &success, SHOWN_FROM).await,
        Err(_) => responses.refused += 1,
    }
    responses
}

/// Shows a ticket's token from so many addresses, and answers no challenge.
async fn show(hostile: &mut Hostile, success: &EntryGrant, addresses: usize) {
    let Ok(token) = token::decode(&success.connect_token, &success.ticket) else { return };
    let authentication = ClientAuthentication::Secure { connect_token: token };
    let Ok(mut netcode) = NetcodeClient::new(Duration::ZERO, authentication) else { return };
    let Some((request, _)) = netcode.update(Duration::from_secs(1)) else { return };
    for _ in 0..addresses {
        let from = hostile.any_source();
        if let Some(socket) = hostile.endpoints.knock_from(from).await {
            // Whether it arrives is the network's to say.
            let _ = socket.send(request).await;
        }
    }
}
