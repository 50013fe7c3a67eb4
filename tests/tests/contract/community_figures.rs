//! What players do around the worlds is counted, each thing by its own name.

use std::fs;

use futures_util::{SinkExt, StreamExt};
use realmgate_client::scrape::Scrape;
use realmgate_tests::account::fresh_name;
use realmgate_tests::wait::{PATIENCE, until};
use realmgate_tests::{Account, Api, Home, SidecarProcess};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const SCRIPT: &str = r#"
local hooks = {}
function hooks.hello() return "Hello!" end
function hooks.refuse() return nil, "too_young" end
function hooks.fail() error("broken") end
function hooks.before_lobby_join() end
return hooks
"#;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Who has come by a device.
struct Player {
    api: Api,
    token: String,
}

async fn device(api: &Api) -> Player {
    let tokens = api.post("/api/v1/login/device", json!({"device_id": fresh_name("device ")})).await.json(200);
    let token = tokens["data"]["access_token"].as_str().expect("a token").to_owned();
    Player { api: api.with_token(&token), token }
}

/// A realtime socket that is served: it has answered.
async fn socket(player: &Player) -> Socket {
    let url = player.api.socket_url(&format!("/socket/websocket?token={}&vsn=2.0.0", player.token));
    let (mut socket, _) = connect_async(url).await.expect("the socket opens");
    socket.send(Message::text(json!([null, "1", "phoenix", "heartbeat", {}]).to_string())).await.expect("it is open");
    timeout(PATIENCE, socket.next()).await.expect("an answer").expect("it is open").expect("a message");
    socket
}

/// Waits for what the server notices by itself.
async fn until_figure(api: &Api, sample: &str, value: f64) {
    let look = async || (api.figure(sample).await == value).then_some(());
    until(&format!("{sample} is {value}"), look).await;
}

async fn call(player: &Player, function: &str, status: u16) {
    let body = json!({"plugin": "greetings", "fn": function});
    player.api.post("/api/v1/hooks/call", body).await.json(status);
}

#[tokio::test]
async fn what_players_do_around_the_worlds_is_counted_by_its_name() {
    let home = Home::new();
    let hooks = home.fresh_path("hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    fs::write(hooks.join("greetings.lua"), SCRIPT).expect("a script");
    let hooks = hooks.to_string_lossy().into_owned();
    let sidecar = SidecarProcess::start_in(&home, &[("HOOKS_DIR", &hooks)]).await;
    let api = sidecar.api();

    // The first account is the administrator's.
    let admin = Account::register(&api).await;
    let by_password = async |password: &str, status: u16| {
        let body = json!({"email": admin.username, "password": password});
        api.post("/api/v1/login", body).await.json(status)
    };
    by_password(&admin.password, 200).await;
    by_password("wrong password", 401).await;
    by_password("another wrong one", 401).await;
    let players = [device(&api).await, device(&api).await, device(&api).await];
    api.post("/api/v1/login/device", json!({"device_id": " "})).await.json(400);
    for (sample, count) in [
        ("realmgate_logins_total{kind=\"password\",result=\"ok\"}", 1.0),
        ("realmgate_logins_total{kind=\"password\",result=\"failed\"}", 2.0),
        ("realmgate_logins_total{kind=\"device\",result=\"ok\"}", 3.0),
        ("realmgate_logins_total{kind=\"device\",result=\"refused\"}", 1.0),
        ("realmgate_registrations_total", 4.0),
        ("realmgate_community_refusals_total{status=\"401\"}", 2.0),
        ("realmgate_community_refusals_total{status=\"400\"}", 1.0),
    ] {
        assert_eq!(api.figure(sample).await, count, "{sample}");
    }
    let figures = Scrape::of(&api.get("/metrics").await.text);
    assert_eq!(figures.sum("realmgate_logins_total"), Some(7.0), "each by its own kind, and by no other");

    scripts_are_counted(&api, &players[0]).await;
    lobbies_are_counted(&api, &players).await;
    boards_are_counted(&api, &api.with_token(&admin.access_token), &players[0]).await;
    sockets_are_counted(&api, &players).await;

    api.post("/api/v1/register", json!({"email": "ann@example.org", "password": "a long password"})).await.json(200);
    until_figure(&api, "realmgate_mails_total{result=\"sent\"}", 1.0).await;
    assert_eq!(api.figure("realmgate_community_refusals_total{status=\"500\"}").await, 0.0, "none was our fault");
}

async fn scripts_are_counted(api: &Api, player: &Player) {
    let is_loaded = async || {
        let listed = player.api.get("/api/v1/hooks").await.json(200);
        listed["data"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    };
    until("the script is loaded", is_loaded).await;
    for (function, status) in [("hello", 200), ("hello", 200), ("refuse", 400), ("fail", 400), ("unknown", 400)] {
        call(player, function, status).await;
    }
    for (result, count) in [("ok", 2.0), ("refused", 1.0), ("exception", 1.0), ("unknown", 1.0), ("timeout", 0.0)] {
        let sample = format!("realmgate_hook_calls_total{{by=\"player\",result=\"{result}\"}}");
        assert_eq!(api.figure(&sample).await, count, "{sample}");
    }
    assert_eq!(api.figure("realmgate_hook_seconds_count{by=\"player\"}").await, 5.0, "each has taken some time");
    let page = api.get("/metrics").await.text;
    assert!(page.contains("\nrealmgate_hook_plugins_off 0\n"), "no plugin is off: {page}");
}

async fn lobbies_are_counted(api: &Api, players: &[Player; 3]) {
    let [host, guest, late] = players;
    let made = host.api.post("/api/v1/lobbies", json!({"max_users": 2})).await.json(201);
    let path = format!("/api/v1/lobbies/{}/join", made["id"].as_str().expect("text"));
    guest.api.post(&path, Value::Null).await.json(200);
    late.api.post(&path, Value::Null).await.json(403);
    let joins = |status: u16| {
        format!(
            "realmgate_http_requests_total{{method=\"POST\",route=\"/api/v1/lobbies/{{id}}/join\",status=\"{status}\"}}"
        )
    };
    for (status, count) in [(200, 1.0), (403, 1.0), (404, 0.0)] {
        assert_eq!(api.figure(&joins(status)).await, count, "{}", joins(status));
    }
    let asked = "realmgate_hook_calls_total{by=\"before\",result=\"ok\"}";
    assert_eq!(api.figure(asked).await, 2.0, "scripts were asked of both");
}

async fn boards_are_counted(api: &Api, admin: &Api, player: &Player) {
    let id = player.api.get("/api/v1/me").await.json(200)["id"].clone();
    admin.post("/api/v1/admin/leaderboards", json!({"slug": "arena", "title": "Arena"})).await.json(200);
    let records = "/api/v1/admin/leaderboards/arena/records";
    for score in [3, 4] {
        admin.post(records, json!({"user_id": id, "score": score})).await.json(200);
    }
    player.api.get("/api/v1/leaderboards/arena/records/me").await.json(200);
    for (sample, count) in [
        ("realmgate_leaderboard_scores_total{result=\"counted\"}", 2.0),
        ("realmgate_leaderboard_ranks_total{from=\"sql\"}", 1.0),
        ("realmgate_leaderboard_ranks_total{from=\"redis\"}", 0.0),
    ] {
        assert_eq!(api.figure(sample).await, count, "{sample}");
    }
}

async fn sockets_are_counted(api: &Api, players: &[Player; 3]) {
    let mut sockets = Vec::new();
    for (open, player) in (1_u8..).zip(players) {
        sockets.push(socket(player).await);
        assert_eq!(api.figure("realmgate_realtime_sockets").await, f64::from(open), "it has answered");
    }
    let mut leaves = sockets.remove(0);
    leaves.close(None).await.expect("it is open");
    let mut babbles = sockets.remove(0);
    babbles.send(Message::text("no array of five")).await.expect("it is open");
    for (sample, value) in [
        ("realmgate_realtime_closed_total{why=\"gone\"}", 1.0),
        ("realmgate_realtime_closed_total{why=\"malformed\"}", 1.0),
        ("realmgate_realtime_sockets", 1.0),
    ] {
        until_figure(api, sample, value).await;
    }
}
