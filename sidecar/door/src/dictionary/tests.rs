//! The rules of `services.toml`, each with the faults of files that break it.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::uri::Scheme;
use axum::http::{HeaderName, Method};

use super::testing::{EXAMPLE, SHOP, faults, parse};
use super::{Access, Claim, Dictionary, Summary, check};

/// Each line, added to a service without faults, has this one fault.
fn assert_faults(cases: &[(&str, &str)]) {
    for (line, fault) in cases {
        assert_eq!(faults(&format!("{SHOP}{line}\n")), [*fault], "{line}");
    }
}

#[test]
fn the_example_sets_every_key() {
    let dictionary = parse(EXAMPLE).unwrap();
    let [shop, statistics] = dictionary.services.as_slice() else { panic!("{dictionary:?}") };
    assert_eq!((shop.name.as_str(), shop.path.as_deref()), ("shop", Some("/shop")));
    let urls: Vec<_> = shop.urls.iter().map(|url| (&url.scheme, url.authority.as_str(), url.path.as_str())).collect();
    assert_eq!(urls, [(&Scheme::HTTP, "127.0.0.1:5000", ""), (&Scheme::HTTP, "127.0.0.1:5001", "")]);
    assert_eq!((shop.http, shop.sockets), (Access::Token, Access::Token));
    assert_eq!(shop.public.len(), 3);
    assert!(shop.is_public(&Method::GET, "/prices") && !shop.is_public(&Method::GET, "/cart"));
    let header = HeaderName::from_static;
    assert_eq!(shop.claims, [(Claim::UserId, header("x-user-id")), (Claim::Role, header("x-user-role"))]);
    assert_eq!(shop.health.as_deref(), Some("/healthz"));
    let socket_io = shop.socket_io.as_ref().unwrap();
    assert_eq!((socket_io.namespace.as_str(), socket_io.service_namespace.as_str()), ("/shop", "/"));
    assert_eq!(socket_io.path, "/socket.io/");
    assert_eq!((statistics.http, statistics.sockets), (Access::Open, Access::Off));
    assert!(EXAMPLE.contains("These are the defaults") && shop.limits == statistics.limits);
}

#[test]
fn a_short_service_has_the_defaults() {
    let service = parse("[services.a]\nurl = \"http://a\"\npath = \"/a\"").unwrap().services.remove(0);
    assert_eq!((service.http, service.sockets), (Access::Token, Access::Token));
    assert_eq!(service.claims, [(Claim::UserId, HeaderName::from_static("x-user-id"))]);
    assert!(service.public.is_empty() && service.socket_io.is_none() && service.health.is_none());
    let limits = service.limits;
    let seconds = [limits.connect, limits.answer, limits.idle, limits.breaker_open];
    assert_eq!(seconds, [2, 30, 300, 10].map(Duration::from_secs));
    assert_eq!((limits.max_body_bytes, limits.max_packet_bytes), (1_048_576, 102_400));
    assert_eq!((limits.retries, limits.max_requests, limits.max_sockets), (1, 256, 1_024));
    assert_eq!(limits.breaker_failures, NonZeroU32::new(5).unwrap());

    let chat = "[services.b]\nurl = \"http://b\"\n[services.b.socket_io]\nnamespace = \"/b\"";
    let socket_io = parse(chat).unwrap().services.remove(0).socket_io.unwrap();
    assert_eq!((socket_io.service_namespace.as_str(), socket_io.path.as_str()), ("/", "/socket.io/"));
}

#[test]
fn values_replace_the_defaults() {
    let lines = "timeout_s = 1\nidle_timeout_s = 0.5\nmax_body_bytes = 0x10\nretries = 0\n\
                 claims = { sid = \"X-Login\" }\n\
                 [services.shop.breaker]\nfailures = 2\nopen_s = 1.5\n\
                 [services.shop.socket_io]\nnamespace = \"/\"\nmax_packet_bytes = 1_000";
    let shop = parse(&format!("{SHOP}{lines}")).unwrap().services.remove(0);
    let limits = shop.limits;
    assert_eq!((limits.answer, limits.idle), (Duration::from_secs(1), Duration::from_millis(500)));
    assert_eq!((limits.max_body_bytes, limits.retries, limits.max_packet_bytes), (16, 0, 1_000));
    assert_eq!((limits.breaker_failures.get(), limits.breaker_open), (2, Duration::from_millis(1_500)));
    assert_eq!(shop.claims, [(Claim::Session, HeaderName::from_static("x-login"))]);
    assert!(parse(&format!("{SHOP}claims = {{}}")).unwrap().services[0].claims.is_empty(), "nothing is passed on");
}

#[test]
fn services_are_in_the_order_of_the_file() {
    let text = ["z", "b", "y", "a"].map(|name| SHOP.replace("shop", name)).concat();
    let names: Vec<_> = parse(&text).unwrap().services.into_iter().map(|service| service.name).collect();
    assert_eq!(names, ["z", "b", "y", "a"]);
}

#[test]
fn a_file_without_services_is_an_empty_dictionary() {
    for text in ["", "# nothing yet\n", "[services]", "\u{feff}[services]\r\n"] {
        assert_eq!(parse(text), Ok(Dictionary::default()), "{text}");
    }
}

#[test]
fn unknown_names_come_with_a_suggestion() {
    assert_faults(&[
        ("http = \"tokn\"", "4:8: `http` is \"tokn\"; expected one of `token`, `open`, `off`; did you mean `token`?"),
        ("sockets = \"yes\"", "4:11: `sockets` is \"yes\"; expected one of `token`, `open`, `off`"),
        ("sockets = true", "4:11: `sockets` is true; expected a text"),
        (
            "breaker = { opens = 1 }",
            "4:13: unknown key \"opens\" in `services.shop.breaker`; \
             expected one of `failures`, `open_s`; did you mean `open_s`?",
        ),
        (
            "claims = { userid = \"x-a\" }",
            "4:12: unknown key \"userid\" in `services.shop.claims`; \
             expected one of `userId`, `role`, `sid`; did you mean `userId`?",
        ),
        ("[service]", "4:2: unknown key \"service\"; expected `services`"),
    ]);
    let unknown = &faults(&format!("{SHOP}time_out_s = 1"))[0];
    assert!(unknown.starts_with("4:1: unknown key \"time_out_s\" in `services.shop`; expected one of `url`, `urls`, "));
    assert!(unknown.ends_with("; did you mean `timeout_s`?"), "{unknown}");
}

#[test]
fn names_of_services_are_small_letters() {
    let long = "a".repeat(33);
    for name in ["Shop", "1shop", "-shop", "shop_1", "\"\"", "\"a b\"", "\"shöp\"", long.as_str()] {
        let [fault] = &faults(&SHOP.replace("services.shop", &format!("services.{name}")))[..] else {
            panic!("{name}")
        };
        assert!(fault.starts_with("1:11: a service is named "), "{fault}");
    }
    for name in ["a", "a-1", &long[..32]] {
        parse(&SHOP.replace("services.shop", &format!("services.{name}"))).unwrap();
    }
    let twice = faults(&format!("{SHOP}{}", SHOP.replace("/shop", "/b")));
    assert_eq!(twice[0], "4:11: duplicate key; expected each key and each table once");
}

#[test]
fn a_service_has_one_to_sixteen_urls() {
    let with = |urls: &str| format!("[services.a]\npath = \"/a\"\n{urls}");
    let list = |count: usize| (1..=count).map(|port| format!("\"http://a:{port}\",")).collect::<String>();
    assert_eq!(parse(&with(&format!("urls = [{}]", list(16)))).unwrap().services[0].urls.len(), 16);
    for (urls, fault) in [
        ("", "1:1: missing key `urls`; expected `url = \"…\"` or `urls = [\"…\"]`"),
        ("url = \"http://a\"\nurls = [\"http://b\"]", "1:1: both `url` and `urls` are given; expected one of the two"),
        ("urls = []", "3:8: `urls` has 0 items; expected 1 to 16"),
        (&format!("urls = [{}]", list(17)), "3:8: `urls` has 17 items; expected 1 to 16"),
        ("urls = [\"http://a\", \"http://A/\"]", "3:21: `urls` has \"http://A/\" twice; expected each URL once"),
        ("urls = [7]", "3:9: `urls` is 7; expected a text"),
        ("urls = \"http://a\"", "3:8: `urls` is \"http://a\"; expected a list of texts"),
        (
            "url = \"ftp://a\"",
            "3:7: `url` has \"ftp://a\"; \
             expected a URL of `http` or `https` with a host, such as `http://127.0.0.1:5000`",
        ),
        ("url = \"http://a:b@c\"", "3:7: `url` has a URL with a user name (`@`); expected a URL without one"),
    ] {
        assert_eq!(faults(&with(urls)), [fault], "{urls}");
    }
}

#[test]
fn a_service_needs_a_path_or_a_socket_io_server() {
    let text = "[services.a]\nurl = \"http://a\"";
    let fault = "1:1: \"a\" has neither `path` nor `socket_io`; expected `path`, the table `socket_io`, or both";
    assert_eq!(faults(text), [fault]);
    let without_namespace = faults(&format!("{text}\nsocket_io = {{}}"));
    assert_eq!(without_namespace, ["3:13: missing key `namespace` in `socket_io`; expected `namespace = \"/…\"`"]);
}

#[test]
fn paths_and_namespaces_are_unique() {
    let service = |name: &str, path: &str, namespace: &str| {
        let socket_io = format!("[services.{name}.socket_io]\nnamespace = \"{namespace}\"\n");
        format!("[services.{name}]\nurl = \"http://a\"\npath = \"{path}\"\n{socket_io}")
    };
    let all = [service("a", "/a", "/a"), service("b", "/b", "/a"), service("c", "/a", "/")].concat();
    let expected = [
        "10:13: `namespace` is \"/a\", as that of `a`; expected a namespace of its own",
        "13:8: `path` is \"/a\", as that of `a`; expected a path of its own",
    ];
    assert_eq!(faults(&all), expected);
    parse(&[service("a", "/a", "/a"), service("b", "/a/b", "/a/b")].concat()).unwrap();
}

#[test]
fn paths_routes_and_namespaces_follow_their_rules() {
    assert_faults(&[
        (
            "public = [\"/a\", \"b\"]",
            "4:17: `public` has \"b\"; \
             expected a path below the service's, such as `/prices`, `/news/*` or `GET /prices`",
        ),
        ("public = {}", "4:10: `public` is a table; expected a list of texts"),
        (
            "health = \"healthz\"",
            "4:10: `health` is \"healthz\"; expected a path that begins with `/`, such as `/healthz`",
        ),
        (
            "socket_io = { namespace = \"shop\" }",
            "4:27: `namespace` is \"shop\"; \
             expected `/` or a name such as `/shop`: letters, digits and `-_/`, at most 64 bytes",
        ),
        (
            "socket_io = { namespace = \"/\", service_namespace = \"/a b\" }",
            "4:52: `service_namespace` is \"/a b\"; \
             expected `/` or a name such as `/shop`: letters, digits and `-_/`, at most 64 bytes",
        ),
        (
            "socket_io = { namespace = \"/\", path = \"socket.io\" }",
            "4:39: `path` is \"socket.io\"; expected a path such as `/socket.io/`",
        ),
        ("socket_io = true", "4:13: `services.shop.socket_io` is true; expected a table"),
    ]);
    let reserved = faults(&SHOP.replace("/shop\"", "/metrics/x\""));
    assert_eq!(
        reserved,
        ["3:8: `path` is \"/metrics/x\", but the door answers `/metrics` itself; expected another path"]
    );
    let routes = format!("public = [{}]", "\"/a\",".repeat(257));
    assert_eq!(faults(&format!("{SHOP}{routes}")), ["4:10: `public` has 257 items; expected 0 to 256"]);
    let long = format!("health = \"/{}\"", "x".repeat(1_024));
    assert_eq!(faults(&format!("{SHOP}{long}")), ["4:10: `health` has a text of 1025 bytes; expected at most 1024"]);
}

#[test]
fn claims_have_headers_of_their_own() {
    assert_faults(&[
        (
            "claims = { userId = \"x-a\", role = \"X-A\" }",
            "4:35: `role` is \"X-A\", which another claim has; expected a header of its own",
        ),
        (
            "claims = { userId = \"x_user\" }",
            "4:21: `userId` is \"x_user\"; \
             expected a header name such as `x-user-id`: letters, digits and hyphens, at most 64 bytes",
        ),
        (
            "claims = { sid = \"Cookie\" }",
            "4:18: `sid` is \"Cookie\"; expected another header, such as `x-user-id`: HTTP or the door uses this one",
        ),
        ("claims = [\"userId\"]", "4:10: `services.shop.claims` is a list; expected a table"),
    ]);
}

#[test]
fn limits_have_bounds() {
    for (key, least, most) in [
        ("connect_timeout_s", "0.01", "60"),
        ("timeout_s", "0.01", "3600"),
        ("idle_timeout_s", "0.01", "86400"),
        ("breaker.open_s", "0.01", "3600"),
    ] {
        let name = key.trim_start_matches("breaker.");
        for value in ["0", "0.009", "86401", "-1", "nan", "inf", "-inf", "1e999", "99999999999999999999"] {
            let expected = format!("`{name}` is {value}; expected a number of seconds from {least} to {most}");
            let found = faults(&format!("{SHOP}{key} = {value}"));
            assert!(found.len() == 1 && found[0].ends_with(&expected), "{found:?}");
        }
        for value in [least, most] {
            parse(&format!("{SHOP}{key} = {value}")).unwrap();
        }
    }
    for (key, least, most) in [
        ("max_body_bytes", 0_u64, 17_179_869_184_u64),
        ("retries", 0, 5),
        ("max_requests", 1, 65_536),
        ("max_sockets", 1, 262_144),
        ("breaker.failures", 1, 1_000),
        ("socket_io.max_packet_bytes", 64, 16_777_216),
    ] {
        let (table, name) = key.split_once('.').unwrap_or(("", key));
        let with = |value: &str| {
            let namespace = if table == "socket_io" { "socket_io.namespace = \"/\"\n" } else { "" };
            format!("{SHOP}{namespace}{key} = {value}")
        };
        for value in ["-1", "1.5", "99999999999999999999999", &(most + 1).to_string(), "\"1\""] {
            let expected = format!("`{name}` is {value}; expected a whole number from {least} to {most}");
            let found = faults(&with(value));
            assert!(found.len() == 1 && found[0].ends_with(&expected), "{found:?}");
        }
        assert!(least == 0 || parse(&with(&(least - 1).to_string())).is_err(), "{key}");
        for value in [least, most] {
            parse(&with(&value.to_string())).unwrap();
        }
    }
}

#[test]
fn there_are_at_most_64_services_and_a_mebibyte() {
    let services = |count: usize| (0..count).map(|n| SHOP.replace("shop", &format!("s{n}"))).collect::<String>();
    assert_eq!(parse(&services(64)).unwrap().services.len(), 64);
    assert_eq!(faults(&services(65)), ["193:11: there are more than 64 services; expected at most 64"]);
    let large = faults(&"#".repeat((1 << 20) + 1));
    assert_eq!(large, ["1:1: the file is too large; expected a UTF-8 text file of at most 1 MiB"]);
    assert_eq!(faults("services = 1"), ["1:12: `services` is 1; expected a table"]);
    assert_eq!(faults("services.shop = 1"), ["1:17: `services.shop` is 1; expected a table"]);
}

#[test]
fn all_faults_of_a_file_are_listed_with_their_places() {
    let text =
        "[services.Shop]\npath = \"/a/\"\nhttp = 7\n\n[services.forum]\nurl = \"forum\"\npaht = \"/f\"\nretries = 9\n";
    let found = faults(text);
    let places: Vec<_> = found.iter().map(|fault| fault.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["1:1", "1:11", "2:8", "3:8", "5:1", "6:7", "7:1", "8:11"], "{found:#?}");
}

#[test]
fn syntax_errors_are_listed_with_the_faults_of_other_lines() {
    let found = faults("[services.shop]\nurl = \npath = \"shop\"\nhttp = tokn\n");
    assert!(found.len() == 3 && found[0].starts_with("2:"), "{found:#?}");
    assert!(found[1].starts_with("3:8: `path` is \"shop\"") && found[2].starts_with("4:"), "{found:#?}");
    let broken_header = faults("[services.shop\nurl = 7\n");
    assert!(broken_header.iter().all(|fault| fault.starts_with("1:")), "{broken_header:#?}");
}

#[test]
fn a_check_counts_the_services_or_lists_the_faults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.toml");
    let missing = check(&file).unwrap_err().to_string();
    assert!(
        missing.ends_with("services.toml:1:1: the file does not exist; expected a UTF-8 text file of at most 1 MiB")
    );
    std::fs::write(&file, EXAMPLE).unwrap();
    let summary = check(&file).unwrap();
    assert_eq!(summary, Summary { services: 2, with_socket_io: 1 });
    assert_eq!(summary.to_string(), "No faults: 2 services, 1 with Socket.IO.");
    assert_eq!(Summary { services: 1, with_socket_io: 0 }.to_string(), "No faults: 1 service, 0 with Socket.IO.");
    for (contents, fault) in
        [(&b"\xff"[..], "the file is not UTF-8 text"), (&[b'#'; (1 << 20) + 1], "the file is too large")]
    {
        std::fs::write(&file, contents).unwrap();
        assert!(check(&file).unwrap_err().to_string().contains(fault), "{fault}");
    }
    assert!(check(folder.path()).unwrap_err().to_string().contains("it is not a regular file"));
}
