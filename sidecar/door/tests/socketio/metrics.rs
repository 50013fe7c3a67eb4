//! The relay's metrics.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use realmgate_door::socketio::Settings;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::json;

use crate::fake::{End, FakeService};
use crate::world::{Door, service};

/// Waits for a line.
async fn shows(metrics: &PrometheusHandle, line: &str) {
    let shown = async {
        while !metrics.render().lines().any(|shown| shown == line) {
            a_moment().await;
        }
    };
    soon(line, shown).await;
}

#[tokio::test]
async fn sockets_events_and_ends_are_counted_by_service() {
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    let counted = FakeService::listen().await;
    let door = Door::open(Settings::default(), [service("counted", "/", counted.address)]).await;
    let mut client = End::connect(door.address).await;
    client.ask("/counted", &json!({"token": door.login(1).await.token})).await;
    let (mut socket, _) = counted.join("/").await;
    client.confirmed("/counted").await;
    shows(&metrics, r#"realmgate_door_sockets{service="counted"} 1"#).await;

    client.send("42/counted,[1]").await;
    socket.next_text().await;
    socket.send("42[1]").await;
    socket.send("42[2]").await;
    for direction in [r#"direction="up"} 1"#, r#"direction="down"} 2"#] {
        let line = format!(r#"realmgate_door_socket_events_total{{service="counted",{direction}"#);
        shows(&metrics, &line).await;
    }
    socket.send("41").await;
    socket.until_closed().await;
    drop(socket);
    shows(&metrics, r#"realmgate_door_sockets_closed_total{service="counted",reason="service_left"} 1"#).await;
    shows(&metrics, r#"realmgate_door_sockets{service="counted"} 0"#).await;
}
