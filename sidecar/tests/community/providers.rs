//! Log-in by Discord, Facebook, Steam and Apple, and what becomes of a provider that is away or lies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use realmgate_platform::testing::a_moment;
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm};
use crate::elsewhere::{Asked, Elsewhere};
use crate::oauth::{agree, me, player, with_providers};

const NOW_S: u64 = 1_800_000_000;

/// Tests of each named function on every backend, with all providers in one place.
macro_rules! through_doors {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $test() {
                let doors = $crate::providers::Doors::open(async |change| {
                    Some($crate::backends::Realm::sqlite_with(change).await)
                });
                super::$test(doors.await.unwrap()).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $test() {
                let doors = $crate::providers::Doors::open(async |change| {
                    $crate::backends::Realm::postgres_with(change).await
                });
                if let Some(doors) = doors.await { super::$test(doors).await; }
            })+
        }
        mod on_replicas {
            $(#[tokio::test] async fn $test() {
                let doors = $crate::providers::Doors::open(async |change| {
                    $crate::backends::Realm::replicas_with(change).await
                });
                if let Some(doors) = doors.await { super::$test(doors).await; }
            })+
        }
    };
}
pub(crate) use through_doors;

through_doors!(
    what_is_configured_is_listed_and_nothing_else_works,
    discord_says_who_somebody_is,
    facebook_is_shown_the_app_s_secret_and_its_addresses_count_for_nothing,
    steam_vouches_for_browsers_and_for_tickets,
    a_callback_with_a_repeated_parameter_is_refused_before_the_provider_is_asked,
    apple_answers_with_a_form_and_is_shown_a_secret_that_we_sign,
    a_token_for_several_names_whom_it_was_given_to,
    a_known_key_serves_while_an_unknown_one_is_looked_for,
    a_provider_that_fails_is_asked_again_ten_seconds_later,
    a_provider_that_is_away_or_talks_nonsense_logs_nobody_in,
);

/// A realm, and all providers in one place.
pub struct Doors {
    pub realm: Realm,
    pub there: Elsewhere,
    apple: Key,
    _folder: tempfile::TempDir,
}

/// A key of Apple's, or of ours at Apple.
struct Key {
    pem: String,
    signs: EncodingKey,
}

impl Key {
    fn new() -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        Self { pem: pair.serialize_pem(), signs: EncodingKey::from_ec_der(pair.serialized_der()) }
    }

    fn public(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.signs, Algorithm::ES256).unwrap()).unwrap();
        jwk["kid"] = json!("theirs");
        jwk
    }
}

impl Doors {
    /// A realm that is made with what makes it know the providers.
    pub async fn open(make: impl AsyncFnOnce(Box<dyn Fn(&mut Settings)>) -> Option<Realm>) -> Option<Self> {
        let (there, ours, apple) = (Elsewhere::start().await, Key::new(), Key::new());
        let url = there.url();
        let text = format!(
            "[discord]\nclient_id = \"7\"\nclient_secret = \"d\"\nurl = \"{url}\"\n\
             [facebook]\nclient_id = \"8\"\nclient_secret = \"f\"\nurl = \"{url}/dialog\"\ngraph_url = \"{url}/graph\"\n\
             [steam]\napi_key = \"k\"\napp_id = \"480\"\nurl = \"{url}\"\napi_url = \"{url}/api\"\n\
             [apple]\nclient_id = \"example.realm\"\napp_id = \"example.app\"\nteam_id = \"TEAM\"\nkey_id = \"KEY\"\n\
             issuer = \"{url}\"\nprivate_key = \"\"\"\n{}\"\"\"\n",
            ours.pem
        );
        let (folder, change) = with_providers(&text);
        let doors = Self { realm: make(Box::new(change)).await?, there, apple, _folder: folder };
        doors.there.says("/jwks", json!({"keys": [doors.apple.public()]}));
        let endpoints = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/jwks"),
        });
        doors.there.says("/.well-known/openid-configuration", endpoints);
        Some(doors)
    }

    /// Discord knows somebody.
    pub fn discord_knows(&self, id: &str, email: &str, verified: bool) {
        self.there.says("/api/oauth2/token", json!({"access_token": "opens", "token_type": "Bearer"}));
        let user = json!({"id": id, "username": "x", "global_name": "Ann", "email": email, "verified": verified, "avatar": "abc"});
        self.there.says("/api/users/@me", user);
    }

    /// Apple says who it is, in whatever it is asked for.
    fn apple_says(&self, claims: Value) {
        self.apple_says_by("theirs", claims);
    }

    /// The same, with a key of another name.
    fn apple_says_by(&self, kid: &str, claims: Value) {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
        let token = jsonwebtoken::encode(&header, &claims, &self.apple.signs).unwrap();
        self.there.says("/token", json!({"id_token": token}));
    }

    pub async fn by_code(&self, provider: &str, code: &str) -> crate::testing::Answer {
        self.realm.call("POST", &format!("/auth/{provider}/callback"), json!({"code": code})).send().await
    }

    /// Begins a flow of a game. Returns what the provider is asked, and what the flow's outcome is asked for with.
    pub async fn begin(&self, provider: &str) -> (Asked, String) {
        let begun =
            self.realm.call("GET", &format!("/auth/{provider}"), Value::Null).send().await.expect(StatusCode::OK);
        let url = begun["authorization_url"].as_str().unwrap();
        assert!(url.starts_with(&self.there.url()), "{url}");
        let query = url.split_once('?').unwrap().1;
        let query =
            form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()));
        (query.collect(), begun["session_id"].as_str().unwrap().to_owned())
    }

    pub async fn status(&self, session: &str) -> Value {
        self.realm.call("GET", &format!("/auth/session/{session}"), Value::Null).send().await.expect(StatusCode::OK)
    }

    async fn player(&self, told: &Value) -> Player {
        player(&self.realm, told).await
    }
}

/// The state of a flow by Steam is in the address that it leads back to.
fn steam_state(asked: &Asked) -> String {
    asked["openid.return_to"].split_once("?state=").unwrap().1.to_owned()
}

pub fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn what_is_configured_is_listed_and_nothing_else_works(doors: Doors) {
    let listed = doors.realm.call("GET", "/auth/providers", Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(listed, json!({"data": ["discord", "apple", "facebook", "steam"]}));
    for name in ["google", "myspace", "session"] {
        let refused = doors.realm.call("GET", &format!("/auth/{name}"), Value::Null).send().await;
        assert_eq!(refused.expect(StatusCode::BAD_REQUEST)["error"], "invalid_provider", "{name}");
    }
    for (name, body, error) in [
        ("google", json!({"code": "x"}), "missing_or_unsupported"),
        ("discord", json!({}), "missing_or_unsupported"),
        ("steam", json!({}), "missing_param"),
    ] {
        let refused = doors.realm.call("POST", &format!("/auth/{name}/callback"), body).send().await;
        assert_eq!(refused.expect(StatusCode::BAD_REQUEST)["error"], error, "{name}");
    }
    let refused = doors.realm.call("POST", "/auth/google/id_token", json!({"id_token": "x"})).send().await;
    assert_eq!(refused.expect(StatusCode::INTERNAL_SERVER_ERROR)["error"], "server_misconfigured");
}

#[tokio::test]
async fn where_nothing_is_configured_nothing_is_listed() {
    let none = Realm::sqlite().await;
    let listed = none.call("GET", "/auth/providers", Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(listed, json!({"data": []}));
}

async fn discord_says_who_somebody_is(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let (asked, session) = doors.begin("discord").await;
    assert_eq!((&*asked["client_id"], &*asked["code_challenge_method"]), ("7", "S256"));
    assert_ne!(asked["state"], session, "the state is in addresses and logs of others");
    assert_eq!(asked["redirect_uri"], "https://realm.example/auth/discord/callback");
    let query = encoded(&[("code", "c"), ("state", &asked["state"])]);
    let back = doors.realm.app().get(&format!("/auth/discord/callback?{query}")).send().await;
    agree(&doors.realm, &back).await;
    let traded = doors.there.asked("/api/oauth2/token");
    assert_eq!((&*traded["code"], &*traded["client_secret"], traded["code_verifier"].len()), ("c", "d", 43));
    assert_eq!(doors.there.asked("/api/users/@me")["authorization"], "Bearer opens");
    let ann = doors.player(&doors.status(&session).await).await;
    let seen = me(&doors.realm, &ann).await;
    assert_eq!((&seen["display_name"], &seen["email"]), (&json!("Ann"), &json!("ann@example.org")));
    assert_eq!(seen["profile_url"], "https://cdn.discordapp.com/avatars/71/abc.png");
    // By a code of its own program it is the same account, and by Apple too: the address is verified at both.
    let again = doors.by_code("discord", "c").await.expect(StatusCode::OK);
    assert_eq!(again["data"]["user_id"], ann.id);
    let claims = json!({
        "iss": doors.there.url(), "sub": "a1", "aud": "example.realm", "exp": NOW_S + 60, "email": "Ann@Example.org", "email_verified": "true",
    });
    doors.apple_says(claims);
    assert_eq!(doors.by_code("apple", "c").await.expect(StatusCode::OK)["data"]["user_id"], ann.id);
    let linked = me(&doors.realm, &ann).await["linked_providers"].clone();
    assert_eq!((&linked["discord"], &linked["apple"], &linked["google"]), (&json!(true), &json!(true), &json!(false)));
    // One of two may go.
    doors.realm.by(&ann, "DELETE", "/me/providers/discord", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(me(&doors.realm, &ann).await["linked_providers"]["discord"], false);
    // An address that Discord has not checked opens nothing, and does not tell whether it has an account.
    for (id, address) in [("72", "ann@example.org"), ("73", "nobody@example.org")] {
        doors.discord_knows(id, address, false);
        let other = doors.player(&doors.by_code("discord", "c").await.expect(StatusCode::OK)).await;
        assert_ne!(other.id, ann.id);
        assert_eq!(me(&doors.realm, &other).await["email"], "");
    }
}

async fn facebook_is_shown_the_app_s_secret_and_its_addresses_count_for_nothing(doors: Doors) {
    doors.there.says("/graph/oauth/access_token", json!({"access_token": "opens"}));
    let picture = json!({"data": {"url": "https://facebook.example/ann.png", "is_silhouette": false}});
    let ann = json!({"id": "81", "name": "Ann", "email": "ann@example.org", "picture": picture});
    doors.there.says("/graph/me", ann);
    let ann = doors.player(&doors.by_code("facebook", "c").await.expect(StatusCode::OK)).await;
    let seen = me(&doors.realm, &ann).await;
    assert_eq!((&seen["email"], &seen["profile_url"]), (&json!(""), &json!("https://facebook.example/ann.png")));
    let asked = doors.there.asked("/graph/me");
    assert_eq!((asked["appsecret_proof"].len(), &*asked["authorization"]), (64, "Bearer opens"));
    doors.discord_knows("71", "ben@example.org", true);
    doors.by_code("discord", "c").await.expect(StatusCode::OK);
    doors.there.says("/graph/me", json!({"id": "82", "name": "Eve", "email": "ben@example.org"}));
    let eve = doors.by_code("facebook", "c").await.expect(StatusCode::OK);
    let eve = doors.player(&eve).await;
    assert_eq!(me(&doors.realm, &eve).await["email"], "", "an address that nobody has checked counts for nothing");
}

async fn steam_vouches_for_browsers_and_for_tickets(doors: Doors) {
    doors.there.does("/openid/login", |asked| {
        let is_valid = asked["openid.mode"] == "check_authentication" && asked["openid.sig"] == "good";
        (200, format!("ns:http://specs.openid.net/auth/2.0\nis_valid:{is_valid}\n"))
    });
    let url = doors.there.url();
    let (endpoint, signed) =
        (format!("{url}/openid/login"), "op_endpoint,claimed_id,identity,return_to,response_nonce");
    let come_back = async |changes: &[(&str, &str)]| {
        let (asked, session) = doors.begin("steam").await;
        let state = steam_state(&asked);
        let id = format!("{url}/openid/id/76561197960287930");
        let mut said: Asked = [
            ("state", &*state),
            ("openid.ns", "http://specs.openid.net/auth/2.0"),
            ("openid.mode", "id_res"),
            ("openid.op_endpoint", &endpoint),
            ("openid.claimed_id", &id),
            ("openid.identity", &id),
            ("openid.return_to", &asked["openid.return_to"]),
            ("openid.response_nonce", "2027-01-15T08:00:00Zx"),
            ("openid.signed", signed),
            ("openid.sig", "good"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        said.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&said).finish();
        let back = doors.realm.app().get(&format!("/auth/steam/callback?{query}")).send().await;
        agree(&doors.realm, &back).await;
        doors.status(&session).await
    };
    let summary =
        json!({"steamid": "76561197960287930", "personaname": "Ann", "avatarfull": "https://steam.example/ann.jpg"});
    doors.there.says("/api/ISteamUser/GetPlayerSummaries/v2/", json!({"response": {"players": [summary]}}));
    let ann = doors.player(&come_back(&[]).await).await;
    let seen = me(&doors.realm, &ann).await;
    assert_eq!(seen["linked_providers"]["steam"], true);
    assert_eq!((&seen["display_name"], &seen["profile_url"]), (&json!("Ann"), &json!("https://steam.example/ann.jpg")));
    let asked = doors.there.asked("/api/ISteamUser/GetPlayerSummaries/v2/");
    assert_eq!((&*asked["key"], &*asked["steamids"]), ("k", "76561197960287930"));
    doors.there.does("/api/ISteamUser/GetPlayerSummaries/v2/", |_| (500, String::new()));
    assert_eq!(doors.player(&come_back(&[]).await).await.id, ann.id, "what Steam calls her is not needed");
    for change in [
        ("openid.sig", "bad"),
        ("openid.mode", "cancel"),
        ("openid.claimed_id", "https://evil.example/openid/id/76561197960287930"),
        ("openid.op_endpoint", "https://evil.example/openid/login"),
        ("openid.return_to", "https://evil.example/"),
        ("openid.identity", "https://evil.example/openid/id/76561197960287930"),
        ("openid.signed", "op_endpoint,return_to,response_nonce"),
        ("openid.signed", "op_endpoint,claimed_id,return_to,response_nonce"),
    ] {
        let status = come_back(&[change]).await;
        assert_eq!(status["message"], "the response is not from Steam", "{change:?}");
    }
    let path = "/api/ISteamUserAuth/AuthenticateUserTicket/v1/";
    doors.there.says(path, json!({"response": {"params": {"result": "OK", "steamid": "76561197960287930"}}}));
    let by_ticket = doors.by_code("steam", "14aff0").await.expect(StatusCode::OK);
    assert_eq!(by_ticket["data"]["user_id"], ann.id);
    let asked = doors.there.asked(path);
    assert_eq!((&*asked["key"], &*asked["appid"], &*asked["ticket"]), ("k", "480", "14aff0"));
    doors.there.says(path, json!({"response": {"error": {"errorcode": 101, "errordesc": "Invalid ticket"}}}));
    for ticket in ["14aff0", "76561197960287930&x", "zz", &"1".repeat(5_122)] {
        let refused = doors.by_code("steam", ticket).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused, json!({"error": "exchange_failed", "details": "the ticket is invalid"}));
    }
}

async fn a_callback_with_a_repeated_parameter_is_refused_before_the_provider_is_asked(doors: Doors) {
    doors.there.does("/openid/login", |asked| panic!("Steam was asked about {asked:?}"));
    let (asked, session) = doors.begin("steam").await;
    let state = steam_state(&asked);
    let url = doors.there.url();
    let (endpoint, victim, own) =
        (format!("{url}/openid/login"), format!("{url}/openid/id/111"), format!("{url}/openid/id/222"));
    let answer = [
        ("state", &*state),
        ("openid.ns", "http://specs.openid.net/auth/2.0"),
        ("openid.mode", "id_res"),
        ("openid.op_endpoint", &endpoint),
        ("openid.claimed_id", &victim),
        ("openid.identity", &victim),
        ("openid.return_to", &asked["openid.return_to"]),
        ("openid.response_nonce", "2027-01-15T08:00:00Zx"),
        ("openid.signed", "op_endpoint,claimed_id,identity,return_to,response_nonce"),
        ("openid.sig", "good"),
    ];
    let form_type = "application/x-www-form-urlencoded";
    for repeated in [("openid.claimed_id", &*own), ("openid.sig", "good"), ("state", &state), ("x", "1")] {
        let all = encoded(&[&answer[..], &[("x", "0"), repeated]].concat());
        let by_query = doors.realm.app().get(&format!("/auth/steam/callback?{all}")).send().await;
        let path = format!("/auth/steam/callback?{}", encoded(&answer));
        let by_form = doors.realm.app().call(axum::http::Method::POST, &path).body(form_type, all).send().await;
        assert_eq!((by_query.status, by_form.status), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN), "{repeated:?}");
    }
    assert_eq!(doors.status(&session).await["status"], "pending", "the player may still come back");
}

async fn apple_answers_with_a_form_and_is_shown_a_secret_that_we_sign(doors: Doors) {
    let (asked, session) = doors.begin("apple").await;
    assert_eq!((&*asked["response_mode"], &*asked["client_id"]), ("form_post", "example.realm"));
    let claims = |nonce: &str, audience: &str| json!({"iss": doors.there.url(), "sub": "a1", "aud": audience, "exp": NOW_S + 60, "iat": NOW_S, "nonce": nonce});
    doors.apple_says(claims(&asked["nonce"], "example.realm"));
    let form = encoded(&[("code", "c"), ("state", &asked["state"])]);
    let form_type = "application/x-www-form-urlencoded";
    let call = doors.realm.app().call(axum::http::Method::POST, "/auth/apple/callback").body(form_type, form);
    let back = call.header("origin", "https://appleid.apple.com").send().await;
    agree(&doors.realm, &back).await;
    let ann = doors.player(&doors.status(&session).await).await;
    let secret = doors.there.asked("/token")["client_secret"].clone();
    let header = jsonwebtoken::decode_header(&secret).unwrap();
    assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::ES256, Some("KEY")));
    let said = jsonwebtoken::dangerous::insecure_decode::<Value>(&secret).unwrap().claims;
    assert_eq!(
        (&said["iss"], &said["sub"], &said["aud"]),
        (&json!("TEAM"), &json!("example.realm"), &json!(doors.there.url()))
    );
    // An app has another name, and no redirect.
    doors.apple_says(claims("", "example.app"));
    let app = doors.realm.call("POST", "/auth/apple/ios/callback", json!({"code": "c"})).send().await;
    assert_eq!(app.expect(StatusCode::OK)["data"]["user_id"], ann.id);
    assert_eq!(doors.there.asked("/token")["client_id"], "example.app");
    doors.apple_says(claims("", "example.realm"));
    let refused = doors.realm.call("POST", "/auth/apple/ios/callback", json!({"code": "c"})).send().await;
    assert_eq!(refused.expect(StatusCode::BAD_REQUEST)["details"], "the id token is for another client");
    let refused = doors.realm.call("POST", "/auth/apple/ios/callback", json!({})).send().await;
    assert_eq!(refused.expect(StatusCode::BAD_REQUEST)["error"], "missing_code");
}

async fn a_token_for_several_names_whom_it_was_given_to(doors: Doors) {
    let claims = |issuer: &str, audience: Value, party: Value| json!({"iss": issuer, "sub": "a1", "aud": audience, "azp": party, "exp": NOW_S + 60});
    let own = doors.there.url();
    for (claims, why) in [
        (claims("https://evil.example", json!("example.realm"), Value::Null), "the id token is from another provider"),
        (claims(&own, json!(["example.realm", "other"]), Value::Null), "the id token is for another client"),
        (claims(&own, json!(["example.realm", "other"]), json!("other")), "the id token is for another client"),
        (json!({"iss": own, "aud": "example.realm", "exp": NOW_S + 60}), "the id token is invalid"),
        (json!({"iss": own, "sub": "a1", "aud": "example.realm"}), "the id token is invalid"),
    ] {
        doors.apple_says(claims);
        let refused = doors.by_code("apple", "c").await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused, json!({"error": "exchange_failed", "details": why}));
    }
    doors.apple_says(claims(&own, json!(["example.realm", "other"]), json!("example.realm")));
    doors.by_code("apple", "c").await.expect(StatusCode::OK);
}

fn claims_of(doors: &Doors, subject: &str, now_s: u64) -> Value {
    json!({"iss": doors.there.url(), "sub": subject, "aud": "example.realm", "exp": now_s + 60})
}

async fn a_known_key_serves_while_an_unknown_one_is_looked_for(doors: Doors) {
    doors.apple_says(claims_of(&doors, "a1", NOW_S));
    doors.by_code("apple", "c").await.expect(StatusCode::OK);
    // From now on the keys are where nobody answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, nowhere) = (doors.there.url(), format!("http://{}/jwks", silent.local_addr().unwrap()));
    let endpoints = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": nowhere,
    });
    doors.there.says("/.well-known/openid-configuration", endpoints);
    doors.realm.each(|app| app.advance(Duration::from_secs(10)));
    doors.apple_says_by("unknown", claims_of(&doors, "a1", NOW_S + 10));
    let stranger = doors.by_code("apple", "c");
    let honest = async {
        let _looked_for = silent.accept().await.unwrap();
        doors.apple_says(claims_of(&doors, "a1", NOW_S + 10));
        doors.by_code("apple", "c").await.expect(StatusCode::OK);
    };
    tokio::select! {
        biased;
        () = honest => {}
        answer = stranger => panic!("the keys were found: {}", answer.text),
    }
}

async fn a_provider_that_fails_is_asked_again_ten_seconds_later(doors: Doors) {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = asked.clone();
    doors.there.does("/.well-known/openid-configuration", move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        (500, String::new())
    });
    let begin = async || doors.realm.call("GET", "/auth/apple", Value::Null).send().await;
    for _ in 0..5 {
        begin().await.expect(StatusCode::BAD_REQUEST);
    }
    // Each sidecar asks for itself.
    let once = asked.load(Ordering::Relaxed);
    assert!((1..=2).contains(&once), "asked {once} times");
    doors.realm.each(|app| app.advance(Duration::from_secs(10)));
    begin().await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(asked.load(Ordering::Relaxed), once + 1);
}

async fn a_provider_that_is_away_or_talks_nonsense_logs_nobody_in(doors: Doors) {
    let details = async |provider: &str| {
        let refused = doors.by_code(provider, "c").await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused["error"], "exchange_failed");
        refused["details"].as_str().unwrap().to_owned()
    };
    let token = "/api/oauth2/token";
    doors.there.does(token, |_| (400, json!({"error": "invalid_grant"}).to_string()));
    assert_eq!(details("discord").await, "the provider refused: invalid_grant");
    doors.there.does(token, |_| (500, "oops".to_owned()));
    assert_eq!(details("discord").await, "the provider is not responding");
    doors.there.does(token, |_| (200, "<html>".to_owned()));
    assert_eq!(details("discord").await, "the provider's response cannot be read");
    doors.there.does(token, |_| (200, format!("\"{}\"", "x".repeat(300_000))));
    assert_eq!(details("discord").await, "the provider's response is too long");
    doors.there.does(token, |_| (302, String::new()));
    assert_eq!(details("discord").await, "the provider refused: Found", "nothing is followed");
    // What says that it is somebody else is believed in nothing.
    doors.there.says("/.well-known/openid-configuration", json!({
        "issuer": "https://evil.example", "authorization_endpoint": "https://evil.example", "token_endpoint": "https://evil.example",
        "jwks_uri": "https://evil.example",
    }));
    assert_eq!(details("apple").await, "the provider's configuration is invalid");
    let refused = doors.realm.call("GET", "/auth/apple", Value::Null).send().await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["error"], "exchange_failed");
    let addr = doors.there.addr;
    let Doors { realm, there, .. } = doors;
    drop(there);
    let gone = async {
        while tokio::net::TcpStream::connect(addr).await.is_ok() {
            a_moment().await;
        }
    };
    realmgate_platform::testing::soon("the end", gone).await;
    let refused = realm.call("POST", "/auth/discord/callback", json!({"code": "c"})).send().await;
    assert_eq!(refused.expect(StatusCode::BAD_REQUEST)["details"], "the provider is not responding");
}
