//! A client of stock renet, which has none of our code but the protocol's.

use std::time::Duration;

use realmgate_tests::binaries::binaries;
use realmgate_tests::{MapServer, Settings};
use tokio::process::Command;
use tokio::time::timeout;

/// It gives up by itself after two minutes.
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_stock_renet_walks_and_kills_a_mob() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let mut example = Command::new(&binaries().renet);
    example.arg(format!("http://{}", server.api_addr())).kill_on_drop(true);
    let output = timeout(PATIENCE, example.output()).await.expect("it ends in time").expect("it runs");
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("killed entity"), "{told}\n{complained}");
    server.stop().await;
}
