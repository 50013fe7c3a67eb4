//! A validated JSON body.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use garde::Validate;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorCode};

/// A JSON body whose fields follow their rules. All complaints about them are reported at once.
pub struct Valid<T>(pub T);

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(is_json) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_error)?;
        let value: T = parse(&bytes)?;
        value.validate().map_err(field_errors)?;
        Ok(Self(value))
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn body_error(rejection: BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge.into(),
        _ => Error::new(ErrorCode::BadRequest, "Cannot read the body"),
    }
}

/// Bad syntax is a malformed request, a wrong type is a complaint about its field.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            // serde quotes the offending value, which may be a password in the wrong field: say less.
            serde_json::error::Category::Data if path == "." => {
                Error::field("body", "must be an object with the documented fields")
            }
            serde_json::error::Category::Data => Error::field(&path, "has the wrong type"),
            _ => Error::new(ErrorCode::BadRequest, "The body is not valid JSON"),
        }
    })?;
    json.end().map_err(|_| Error::new(ErrorCode::BadRequest, "Unexpected data after the JSON body"))?;
    Ok(value)
}

fn field_errors(report: garde::Report) -> Error {
    let mut error = Error::from(ErrorCode::Validation);
    for (path, complaint) in report.iter() {
        error.fields.entry(path.to_string()).or_default().push(complaint.message().to_owned());
    }
    error
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "only its parsing is tested")]
        password: String,
    }

    #[test]
    fn a_wrong_type_names_its_field_and_not_its_value() {
        let error = parse::<Body>(br#"{"password": 123456}"#).unwrap_err();
        assert_eq!(error.code, ErrorCode::Validation);
        assert_eq!(error.fields, BTreeMap::from([("password".to_owned(), vec!["has the wrong type".to_owned()])]));
        assert!(!format!("{error:?}").contains("123456"));
    }

    #[test]
    fn bad_syntax_is_a_bad_request() {
        for bad in [&b"{"[..], b"", b"{\"password\":\"x\"} trailing", b"\xff"] {
            assert_eq!(parse::<Body>(bad).unwrap_err().code, ErrorCode::BadRequest);
        }
    }

    #[test]
    fn content_types_may_have_parameters() {
        assert!(is_json("application/json; charset=utf-8"));
        assert!(!is_json("text/json"));
    }
}
