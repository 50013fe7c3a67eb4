//! What stands in the way of players at the page, and what it says then: `clients/page/test/trouble.mjs` and `party-ends.mjs`.

use std::time::Duration;

use realmgate_skip::skip;
use realmgate_tests::{MapServer, Settings};
use rustix::process::Signal;
use serde_json::json;
use tokio::time::timeout;

use super::stage::{Fate, Script, What};
use crate::browsers;

const WITHIN: Duration = Duration::from_secs(600);

/// A server that is ended and started again at the same ports.
struct Fated {
    server: Option<MapServer>,
    again: Settings,
}

impl Fated {
    /// One with room for so many players.
    async fn start(max_players: u32) -> Self {
        let settings = Settings::new().set("MAX_PLAYERS", &max_players.to_string());
        let server = MapServer::start_linked(&settings).await;
        let ready = &server.ready;
        let again = settings.port(ready.game.port()).set("API_ADDR", &server.api_addr().to_string());
        let again = again.set("GATEWAY_ADDR", &server.gateway().to_string());
        Self { server: Some(server), again }
    }

    async fn meets(&mut self, fate: Fate) {
        match (fate, self.server.take()) {
            (Fate::Start, None) => self.server = Some(MapServer::start_linked(&self.again).await),
            (Fate::Stop, Some(server)) => server.stop().await,
            (Fate::Kill, Some(server)) => {
                server.process.signal(Signal::KILL);
                server.process.finished().await;
            }
            (fate, _) => panic!("{fate:?} cannot be: it runs, or does not"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_is_wrong_and_what_helps() {
    plays("trouble.mjs", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_ends_with_the_server_is_said_to_have_ended() {
    plays("party-ends.mjs", 2).await;
}

/// Plays a script on a server with room for so many players, which meets what the script wants.
async fn plays(name: &str, max_players: u32) {
    let _turn = browsers::turn().await;
    let mut fated = Fated::start(max_players).await;
    let server = fated.server.as_ref().expect("it was just started");
    let Some(mut script) = Script::start(name, server, &json!({})) else {
        return skip("node (Node.js) is not installed: nobody was in trouble");
    };
    let serve = async {
        while let Some(wish) = script.next().await {
            let What::Server(fate) = wish.what else { panic!("{wish:?} is no part of this") };
            fated.meets(fate).await;
            script.done(&wish).await;
        }
    };
    timeout(WITHIN, serve).await.expect("it is done in time");
    if !script.has_played().await {
        return skip("Chromium or playwright-core is not installed: nobody was in trouble");
    }
    fated.meets(Fate::Stop).await;
}
