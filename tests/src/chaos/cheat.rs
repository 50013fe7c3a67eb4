//! Players who do what they should not: a ticket used again, by two, or too late; one account on two replicas at once.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_client::token;
use renetcode::ConnectToken;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::fault::Fault;
use super::realm::Realm;
use crate::account::Account;
use crate::api::Api;
use crate::gateway::Gateway;
use crate::netcode::{Knocker, Outcome};

/// How long a player who may come in knocks.
const KNOCK: Duration = Duration::from_secs(5);
/// How long one is watched who is not to stay.
const WATCH: Duration = Duration::from_secs(3);
/// Longer than a ticket is good for.
const TOO_LATE: Duration = Duration::from_secs(33);

/// Where a cheat knocks.
struct Doors {
    api: Api,
    gateways: Vec<SocketAddr>,
}

/// Somebody who has a character.
struct Player {
    account: Account,
    character: String,
}

impl Realm {
    /// Somebody cheats, if the fault is that: what succeeded and should not have, in words.
    pub async fn cheat(&self, fault: Fault) -> Vec<String> {
        let gateways = self.replicas.iter().filter_map(|replica| replica.process.as_ref());
        let doors =
            Doors { api: self.players_api(), gateways: gateways.map(|process| process.ready.gateway_addr).collect() };
        let cheating = async move {
            match fault {
                Fault::TicketTwice => doors.twice().await,
                Fault::TicketFromTwo => doors.two_at_once().await,
                Fault::TicketExpired => doors.too_late().await,
                Fault::SameAccountTwice => doors.same_account().await,
                _ => Vec::new(),
            }
        };
        // What such a player is told is asserted where it is read: here that is one more thing that went wrong.
        match tokio::spawn(cheating).await {
            Ok(found) => found,
            Err(error) => vec![format!("a cheat was told something else than a player is: {error}")],
        }
    }
}

impl Doors {
    async fn player(&self) -> Player {
        let account = Account::register(&self.api).await;
        let character = account.new_character(&self.api).await.id;
        Player { account, character }
    }

    async fn gateway(&self, number: usize, player: &Player) -> Gateway {
        Gateway::open(self.gateways[number % self.gateways.len()], &player.account.access_token).await
    }

    /// Somebody with a ticket, and the socket it came over.
    async fn ticket(&self) -> (ConnectToken, Gateway) {
        let player = self.player().await;
        let mut gateway = self.gateway(0, &player).await;
        let grant = gateway.entered(&player.character).await;
        (read_token(&grant), gateway)
    }

    async fn twice(&self) -> Vec<String> {
        let (token, gateway) = self.ticket().await;
        let mut found = Vec::new();
        let mut owner = Knocker::new(token.clone()).await;
        if !owner.get_in(KNOCK).await {
            found.push("a good ticket was refused".to_owned());
        }
        owner.leave().await;
        if Knocker::new(token).await.knock(WATCH).await == Outcome::Connected {
            found.push("a ticket was good twice".to_owned());
        }
        gateway.close().await;
        found
    }

    async fn two_at_once(&self) -> Vec<String> {
        let (token, gateway) = self.ticket().await;
        let (mut one, mut other) = (Knocker::new(token.clone()).await, Knocker::new(token).await);
        let (one, other) = tokio::join!(one.knock(WATCH), other.knock(WATCH));
        gateway.close().await;
        match (one, other) {
            (Outcome::Connected, Outcome::Connected) => vec!["two came in by one ticket".to_owned()],
            (Outcome::Connected, _) | (_, Outcome::Connected) => Vec::new(),
            neither => vec![format!("of two with a good ticket neither came in: {neither:?}")],
        }
    }

    async fn too_late(&self) -> Vec<String> {
        let (token, gateway) = self.ticket().await;
        sleep_until(Instant::now() + TOO_LATE).await;
        let late = Knocker::new(token).await.knock(WATCH).await;
        gateway.close().await;
        (late == Outcome::Connected).then(|| "a ticket was good after its time".to_owned()).into_iter().collect()
    }

    /// The newer log-in wins, whoever that is: both ask at once, and at most one of their tickets admits.
    async fn same_account(&self) -> Vec<String> {
        let player = self.player().await;
        let (mut one, mut other) = (self.gateway(0, &player).await, self.gateway(1, &player).await);
        let (one, other) = tokio::join!(asked(&mut one, &player), asked(&mut other, &player));
        let mut inside = Vec::new();
        for token in [one, other].into_iter().flatten() {
            let mut knocker = Knocker::new(token).await;
            if knocker.get_in(KNOCK).await {
                inside.push(knocker);
            }
        }
        let mut stayed = 0;
        for mut knocker in inside {
            stayed += usize::from(knocker.knock(WATCH).await == Outcome::Connected);
        }
        if stayed > 1 { vec![format!("one account is in the world {stayed} times")] } else { Vec::new() }
    }
}

/// The ticket for which somebody asked, if he got one.
async fn asked(gateway: &mut Gateway, player: &Player) -> Option<ConnectToken> {
    gateway.try_enter(&player.character).await.as_ref().map(read_token)
}

fn read_token(grant: &Value) -> ConnectToken {
    let text = |field: &str| grant[field].as_str().expect("text").to_owned();
    token::decode(&text("connect_token"), &text("ticket")).expect("a connect token")
}
