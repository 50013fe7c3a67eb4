//! `GET /healthz` and `GET /readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;

use crate::state::AppState;

/// How long a dependency may take to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the process is alive.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Whether the process can serve, by dependency.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Readiness {
    /// `ready`; `degraded` if it serves while Redis refuses writes; `draining`; `unready`.
    status: &'static str,
    /// Each dependency: `ok` or `failing`.
    checks: Checks,
    /// Problems that do not stop the service; missing if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

/// The dependencies of the process.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Checks {
    /// The database.
    database: &'static str,
    /// Whether the shared Redis accepts writes; missing without a Redis.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'static str>,
}

/// Check whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Check whether the process can serve, by dependency.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)),
)]
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<Readiness>) {
    let redis = async {
        match &state.redis {
            Some(redis) => Some(timeout(CHECK_TIMEOUT, redis.takes_writes()).await.unwrap_or(false)),
            None => None,
        }
    };
    let (database, redis) = tokio::join!(answers(state.store.ping()), redis);
    let status = match (database, redis) {
        _ if state.background.shutdown.is_cancelled() => "draining",
        (false, _) => "unready",
        // All sidecars lose their Redis together: with none of them left, nobody could even log in.
        (true, Some(false)) => "degraded",
        (true, _) => "ready",
    };
    let serves = matches!(status, "ready" | "degraded");
    let code = if serves { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let named = |ok: bool| if ok { "ok" } else { "failing" };
    let checks = Checks { database: named(database), redis: redis.map(named) };
    let warnings = [state.http.unnamed_proxy.warning(), no_administrator(&state).await, scripts_off(&state)];
    let warnings = warnings.into_iter().flatten().collect();
    (code, Json(Readiness { status, checks, warnings }))
}

/// The warning of a realm that strangers can reach and nobody administers.
async fn no_administrator(state: &AppState) -> Option<&'static str> {
    let config = &state.config;
    if !config.roles.community || !config.listen.is_exposed() {
        return None;
    }
    let asked = timeout(CHECK_TIMEOUT, state.community.has_administrator()).await;
    matches!(asked, Ok(Ok(false))).then_some(
        "this realm has no administrator: log in at /admin with the code that the last start printed, \
         or run `sidecar admin grant`",
    )
}

/// The warning of scripts that are off. Which ones is for administrators.
fn scripts_off(state: &AppState) -> Option<&'static str> {
    state
        .community
        .hooks
        .are_off()
        .then_some("a script is off because its calls did not end: see /admin; change its file, or restart the server")
}

async fn answers<E>(asked: impl Future<Output = Result<(), E>>) -> bool {
    matches!(timeout(CHECK_TIMEOUT, asked).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use realmgate_platform::testing::{a_moment, soon};
    use realmgate_services::OwnRedis;
    use serde_json::json;

    use super::*;
    use crate::service::world::testing::{Pair, Services, TestWorld};

    async fn ready(world: &TestWorld) -> (u16, serde_json::Value) {
        let (code, Json(readiness)) = readyz(State(world.state().clone())).await;
        (code.as_u16(), serde_json::to_value(readiness).unwrap())
    }

    #[tokio::test]
    async fn a_redis_that_is_away_is_named() {
        let Some(pair) = Pair::start().await else { return };
        let said = |status: &str, redis: &str| serde_json::json!({"status": status, "checks": {"database": "ok", "redis": redis}});
        assert_eq!(ready(&pair.a).await, (200, said("ready", "ok")));
        pair.services.redis.let_in(false);
        let noticed = async {
            while ready(&pair.a).await != (200, said("degraded", "failing")) {
                a_moment().await;
            }
        };
        soon("what it said before is forgotten", noticed).await;
    }

    #[tokio::test]
    async fn redis_that_refuses_writes_is_named() {
        let Some(own) = OwnRedis::start().await else { return };
        let Some(services) = Services::find().await else { return };
        let world = services.sidecar("a", |config| config.redis.as_mut().unwrap().url = own.url.as_str().into());
        let world = world.await.unwrap();
        assert_eq!(ready(&world).await.1["status"], "ready");
        own.run(&["REPLICAOF", "127.0.0.1", "1"]);
        let noticed = async {
            while ready(&world).await.1["status"] == "ready" {
                a_moment().await;
            }
        };
        soon("it is not ready", noticed).await;
        let (code, said) = ready(&world).await;
        assert_eq!((code, &said["status"], &said["checks"]["redis"]), (200, &json!("degraded"), &json!("failing")));
        // It ends more quickly with a Redis that takes its words.
        own.run(&["REPLICAOF", "NO", "ONE"]);
    }

    #[tokio::test]
    async fn who_stands_alone_has_no_redis_to_lose() {
        let world = TestWorld::start().await;
        let said = serde_json::json!({"status": "ready", "checks": {"database": "ok"}});
        assert_eq!(ready(&world).await, (200, said));
    }
}
