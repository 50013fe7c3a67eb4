//! `GET /api/openapi`, and the document for `sidecar openapi --community`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Required, ResponseBuilder, Schema, Server};

use super::published::in_force;
use super::{Refusal, Refused};
use crate::state::Community;

/// Where a server is that nobody has configured.
const DEFAULT_SERVER: &str = "http://127.0.0.1:3000";

/// The frame of the document; paths and schemas come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Realmgate community",
        description = "Accounts, friends, lobbies, leaderboards and scripts. Ids are strings, and times are ISO 8601 in UTC.",
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
        scheme.description = Some("The access token of a login".to_owned());
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
    name_bodies(&mut document);
    complete(&mut document);
    document
}

/// Names the schema of each request body after its call, as generated clients of Gamend have it: `DeviceLoginRequest`. A call without
/// its body says nothing, which is refused where something has to be said, so every body is optional.
fn name_bodies(document: &mut utoipa::openapi::OpenApi) {
    let Some(components) = &mut document.components else { return };
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let (Some(id), Some(RefOr::T(body))) = (&operation.operation_id, &mut operation.request_body) else { continue };
        body.required = Some(Required::False);
        for content in body.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            let Some(was) = content.schema.as_ref().and_then(name_of).map(str::to_owned) else { continue };
            let name = format!("{}Request", camel_case(id));
            if let Some(schema) = components.schemas.get(&was).cloned() {
                components.schemas.insert(name.clone(), schema);
                content.schema = Some(Ref::from_schema_name(name).into());
            }
        }
    }
    let text = serde_json::to_string(document).unwrap_or_default();
    if let Some(components) = &mut document.components {
        components.schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
    }
}

/// The name of the schema that this refers to, itself or beside null.
fn name_of(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.strip_prefix("#/components/schemas/"),
        RefOr::T(Schema::OneOf(either)) => either.items.iter().find_map(name_of),
        RefOr::T(_) => None,
    }
}

/// `device_login` as `DeviceLogin`.
fn camel_case(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('_').map(capital).collect()
}

/// Completes a document: OpenAPI 3.1 wants a description of each answer, and generated clients a server.
pub fn complete(document: &mut utoipa::openapi::OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for (status, answer) in &mut operation.responses.responses {
            let RefOr::T(answer) = answer else { continue };
            if answer.description.is_empty() {
                let known = status.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
                answer.description =
                    known.and_then(|known| known.canonical_reason()).unwrap_or("A response").to_owned();
            }
        }
    }
    document.servers = Some(vec![Server::new(DEFAULT_SERVER)]);
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch];
    methods.into_iter().flatten()
}

/// Adds the answers of extractors and layers, unless the route documents its own.
pub fn add_common_answers(operation: &mut Operation) {
    let mut common = vec![(429, "Too many requests"), (500, "Internal error"), (503, "The server is overloaded")];
    if operation.request_body.is_some() {
        common.extend([
            (400, "The body cannot be read"),
            (413, "The body is too large"),
            (415, "The content type is not supported"),
        ]);
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
    let made = || {
        let mut document = in_force(&community.settings.limits);
        document.servers = Some(vec![Server::new(&community.sign_in.public_url)]);
        document.to_json().unwrap_or_default().into()
    };
    Ok(([(CONTENT_TYPE, "application/json")], community.published.json.get_or_init(made).clone()))
}

/// Refuses where an operator wants the description to be nobody's to read.
pub(super) fn check_published(community: &Community) -> Result<(), Refusal> {
    if community.settings.publish_openapi { Ok(()) } else { Err(Refusal::switched_off()) }
}
