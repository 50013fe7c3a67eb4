//! From nothing to a moving character: registers, makes a character, enters the world, and walks in circles for ten
//! seconds, with a picture 60 times a second.
//!
//! ```sh
//! ./start_server.sh 1 4001                                         # a server
//! cargo run --profile play -p realmgate-client --example minimal http://127.0.0.1:3000
//! ```

#![expect(clippy::print_stdout, reason = "an example: the terminal is its screen")]

use std::time::Duration;

use realmgate_client::api::Api;
use realmgate_client::client::Setup;
use realmgate_client::clock::{Clock, unix_ms};
use realmgate_client::entry::Entry;
use realmgate_client::player::Player;
use realmgate_client::session::Intent;
use realmgate_protocol::movement::Angle;

const FRAME: Duration = Duration::from_micros(16_667);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let api = Api::new(&server);
    let name = format!("Minimal{}", unix_ms());
    let account = api.register(&name, "correct horse battery").await?;
    let class = api.classes().await?.remove(0);
    let character = api.create_character(&account.access_token, &name, &class.id).await?;

    let setup = Setup::new(Clock::start());
    let mut player =
        Player::enter(Entry::new(&api.gateway_url().await?, &account.access_token, &character.id), &setup).await?;

    for frame in 0..600u32 {
        // In a game: what the keys say.
        let intent = Intent { heading: Some(Angle((frame / 2) as u8)), action: None };
        for event in player.play_until(setup.clock.now() + FRAME, intent).await {
            println!("{event:?}");
        }
        let (session, display) = (player.client().session(), player.client().display());
        if let (Some(display), Some(welcome), 0) = (display, session.welcome(), frame % 30) {
            let place = display.place(session, welcome.entity).unwrap_or_default();
            println!(
                "at {:.2}, {:.2} tiles, {} in view",
                place.x / 1_024.0,
                place.y / 1_024.0,
                session.world.entities().count()
            );
        }
    }
    player.log_out().await;
    Ok(())
}
