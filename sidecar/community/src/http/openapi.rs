//! `GET /api/openapi`, and the document for `sidecar openapi --community`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, ResponseBuilder};

use super::published::in_force;
use super::{Refusal, Refused};
use crate::state::Community;

/// The frame of the document; paths and schemas come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Realmgate community",
        description = "Accounts, profiles and friends around the worlds. Ids are strings, times ISO 8601 in UTC.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Refused)),
    modifiers(&Tokens),
)]
struct Frame;

struct Tokens;

impl utoipa::Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some("The access token of a log-in".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// The OpenAPI document of every route below `/api/v1`.
pub fn document() -> utoipa::openapi::OpenApi {
    // Merged before they are nested, since nesting replaces a path that both have.
    let mut routes = super::routes_of_anybody().into_openapi();
    routes.merge(super::routes_of_users().into_openapi());
    routes.merge(super::routes_of_admins().into_openapi());
    let mut document = Frame::openapi().nest("/api/v1", routes);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        add_common_answers(operation);
    }
    document
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch];
    methods.into_iter().flatten()
}

/// Adds the answers of extractors and layers, unless the route documents its own.
pub fn add_common_answers(operation: &mut Operation) {
    let mut common = vec![(429, "Too many calls"), (500, "Something went wrong"), (503, "Too busy at the moment")];
    if operation.request_body.is_some() {
        common.extend([(400, "The body cannot be read"), (413, "The body is too large"), (415, "The body is no JSON")]);
    }
    if operation.parameters.is_some() {
        common.push((400, "A parameter cannot be read"));
    }
    if operation.security.is_some() {
        common.push((401, "The access token is missing, has expired or was revoked"));
    }
    for (status, what) in common {
        let content = Content::new(Some(Ref::from_schema_name("Refused")));
        let response = ResponseBuilder::new().description(what).content("application/json", content).build();
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| response.into());
    }
}

/// Read this document.
pub(super) async fn openapi(State(community): State<Community>) -> Result<impl IntoResponse, Refusal> {
    check_published(&community)?;
    let made = || in_force(&community.settings.limits).to_json().unwrap_or_default().into();
    Ok(([(CONTENT_TYPE, "application/json")], community.published.json.get_or_init(made).clone()))
}

/// Refuses where an operator wants the description to be nobody's to read.
pub(super) fn check_published(community: &Community) -> Result<(), Refusal> {
    if community.settings.publish_openapi { Ok(()) } else { Err(Refusal::switched_off()) }
}
