//! Reads one service of the file, and checks what must be unique among all.

use std::collections::HashMap;

use super::address::{self, MAX_URLS, Refused};
use super::public::MAX_ROUTES;
use super::table::{Table, Text, quoted};
use super::{Access, BaseUrl, PublicRoute, Service, SocketIo, claims, limits};

/// The maximum length of a service's name, in bytes.
pub(super) const MAX_NAME_BYTES: usize = 32;

const ACCESS: [&str; 3] = ["token", "open", "off"];

/// The paths and namespaces of the services that have been read, each with the name of its service.
#[derive(Default)]
pub(super) struct Taken<'t> {
    paths: HashMap<String, &'t str>,
    namespaces: HashMap<String, &'t str>,
}

/// Reads a service. What has a fault is left out or has its default.
pub(super) fn read<'t>(name: &Text<'t>, mut table: Table<'t>, taken: &mut Taken<'t>) -> Service {
    check_name(name, &table);
    let urls = read_urls(&mut table);
    let has_path = table.has("path");
    let path = checked(&mut table, "path", address::public_path, Some((name.text, &mut taken.paths)));
    let public = read_public(&mut table);
    let mut socket_io_table = table.table("socket_io");
    if !has_path && !table.has("socket_io") {
        let message = format!("{} has neither `path` nor `socket_io`", quoted(name.text));
        table.report().missing(table.span.clone(), message, "`path`, the table `socket_io`, or both");
    }
    let limits = limits::read(&mut table, socket_io_table.as_mut());
    let service = Service {
        name: name.text.to_owned(),
        urls,
        path,
        http: table.choice("http", &ACCESS, Access::Token),
        sockets: table.choice("sockets", &ACCESS, Access::Token),
        public,
        socket_io: socket_io_table.map(|table| read_socket_io(name.text, table, taken)),
        claims: claims::read(&mut table),
        health: checked(&mut table, "health", address::health_path, None),
        limits,
    };
    table.finish();
    service
}

fn check_name(name: &Text<'_>, table: &Table<'_>) {
    let mut bytes = name.text.bytes();
    let is_good = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.text.len() <= MAX_NAME_BYTES;
    if !is_good {
        let expected = format!(
            "a name such as `shop`: small letters, digits and hyphens, a letter first, at most {MAX_NAME_BYTES} bytes"
        );
        table.report().fault(name.span.clone(), format!("a service is named {}", quoted(name.text)), expected);
    }
}

fn read_urls(table: &mut Table<'_>) -> Vec<BaseUrl> {
    let report = table.report();
    let (has_one, has_list) = (table.has("url"), table.has("urls"));
    // Both are read, so that both are known.
    let (one, list) = (table.text("url"), table.texts("urls", 1..=MAX_URLS));
    match (has_one, has_list) {
        (true, true) => report.fault(table.span.clone(), "both `url` and `urls` are given", "one of the two"),
        (false, false) => report.missing(table.span.clone(), "missing key `urls`", "`url = \"…\"` or `urls = [\"…\"]`"),
        _ => {}
    }
    let mut urls: Vec<BaseUrl> = Vec::new();
    let given = one.map(|text| ("url", text)).into_iter();
    for (key, text) in given.chain(list.into_iter().flatten().map(|text| ("urls", text))) {
        match address::base_url(key, &text) {
            Ok(url) if urls.contains(&url) => {
                report.fault(text.span, format!("`{key}` has {} twice", quoted(text.text)), "each URL once");
            }
            Ok(url) => urls.push(url),
            Err((message, expected)) => report.fault(text.span, message, expected),
        }
    }
    urls
}

fn read_public(table: &mut Table<'_>) -> Vec<PublicRoute> {
    let report = table.report();
    let texts = table.texts("public", 0..=MAX_ROUTES).unwrap_or_default();
    let routes = texts.into_iter().filter_map(|Text { text, span }| {
        let refused = |expected| report.fault(span, format!("`public` has {}", quoted(text)), expected);
        PublicRoute::parse(text).map_err(refused).ok()
    });
    routes.collect()
}

fn read_socket_io<'t>(service: &'t str, mut table: Table<'t>, taken: &mut Taken<'t>) -> SocketIo {
    if !table.has("namespace") {
        table.report().missing(table.span.clone(), "missing key `namespace` in `socket_io`", "`namespace = \"/…\"`");
    }
    let of = |key: &'static str| move |text: &str| address::namespace(key, text);
    let namespace = checked(&mut table, "namespace", of("namespace"), Some((service, &mut taken.namespaces)));
    let service_namespace = checked(&mut table, "service_namespace", of("service_namespace"), None);
    let path = checked(&mut table, "path", address::engine_path, None);
    table.finish();
    SocketIo {
        namespace: namespace.unwrap_or_default(),
        service_namespace: service_namespace.unwrap_or_else(|| "/".to_owned()),
        path: path.unwrap_or_else(|| "/socket.io/".to_owned()),
    }
}

/// Reads a text and checks it, also that no other service has it: `unique` has the name of this one and what is taken.
fn checked<'t>(
    table: &mut Table<'t>,
    key: &'static str,
    check: impl FnOnce(&str) -> Result<String, Refused>,
    unique: Option<(&'t str, &mut HashMap<String, &'t str>)>,
) -> Option<String> {
    let Text { text, span } = table.text(key)?;
    let value = match check(text) {
        Ok(value) => value,
        Err((message, expected)) => {
            table.report().fault(span, message, expected);
            return None;
        }
    };
    if let Some((service, taken)) = unique {
        if let Some(other) = taken.get(&value) {
            let message = format!("`{key}` is {}, as that of `{other}`", quoted(text));
            table.report().fault(span, message, format!("a {key} of its own"));
        } else {
            taken.insert(value.clone(), service);
        }
    }
    Some(value)
}
