//! `GET /openapi.json`, and the document for `sidecar openapi`.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use realmgate_platform::error::ErrorCode;
use realmgate_platform::http::status_of;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, ResponseBuilder};

/// The frame of the document; paths and schemas come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Realmgate",
        description = "Accounts, characters and the directory of a Realmgate world. Ids are strings, positions are in \
            tiles, times in Unix milliseconds. Every error is a problem document (RFC 9457) with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "auth", description = "Accounts and logins (port 3000)"),
        (name = "characters", description = "Characters and their classes (port 3000)"),
        (name = "operation", description = "Health and metrics (ports 3000 and 3001)"),
        (name = "directory", description = "Map servers and sessions, with the service token (port 3001)"),
        (name = "internal", description = "For our own servers, with the service token (port 3001)"),
        (name = "watch", description = "Spectators without a character, with the service token"),
    ),
    modifiers(&Tokens),
)]
struct Frame;

struct Tokens;

impl utoipa::Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |what: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(what.to_owned());
            SecurityScheme::Http(scheme)
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("access_token", bearer("The access token of /auth/login"));
        components.add_security_scheme("service_token", bearer("SERVICE_TOKEN, between our servers"));
    }
}

/// The OpenAPI document of every route.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    let routes = [
        super::public_routes(),
        super::internal_routes(),
        super::watch_routes(),
        super::service_routes(),
        super::directory::router(),
    ];
    for router in routes {
        document.merge(router.into_openapi());
    }
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        add_common_answers(operation);
        name_by_tag(operation);
    }
    // These refuse in the shapes of the community, whose layer lets administrators in.
    let mut of_admins = super::admin::routes().into_openapi();
    let all = of_admins.paths.paths.values_mut().flat_map(operations);
    all.for_each(realmgate_community::http::add_common_answers);
    document.merge(of_admins);
    realmgate_community::http::complete(&mut document);
    document
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch];
    methods.into_iter().flatten()
}

/// Names a call by its tag and its handler, `characters_list`: handlers of different tags are called alike.
fn name_by_tag(operation: &mut Operation) {
    let tag = operation.tags.iter().flatten().next();
    if let (Some(tag), Some(id)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{id}"));
    }
}

/// Adds the answers of extractors and layers, unless the route documents its own.
fn add_common_answers(operation: &mut Operation) {
    let mut common = vec![ErrorCode::Internal, ErrorCode::Timeout];
    if operation.request_body.is_some() {
        let body = [ErrorCode::PayloadTooLarge, ErrorCode::UnsupportedMediaType, ErrorCode::Validation];
        common.extend(body);
    }
    if operation.request_body.is_some() || operation.parameters.is_some() {
        common.push(ErrorCode::BadRequest);
    }
    let schemes = operation.security.iter().flatten().filter_map(|one| serde_json::to_value(one).ok());
    if schemes.into_iter().any(|scheme| scheme.get("access_token").is_some()) {
        common.extend([ErrorCode::Unauthorized, ErrorCode::RateLimited]);
    }
    for code in common {
        let status = status_of(code).as_str().to_owned();
        operation.responses.responses.entry(status).or_insert_with(|| problem(code).into());
    }
}

fn problem(code: ErrorCode) -> utoipa::openapi::Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(code.as_str()).content("application/problem+json", content).build()
}

/// Read this document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation",
    responses((status = 200, content_type = "application/json", body = Object)),
)]
pub async fn openapi() -> impl IntoResponse {
    // Built once: anybody may ask, as often as they like.
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_json().unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
