//! Log-in by OpenID Connect, against a real provider in a process of its own.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm};
use crate::openid::OpenIdProvider;
use crate::testing::{Answer, START_MS};

/// A realm whose players log in by a provider.
struct Door {
    realm: Realm,
    provider: OpenIdProvider,
    _folder: tempfile::TempDir,
}

/// A flow that has begun.
struct Flow {
    url: String,
    session: String,
    code: String,
}

/// Makes a sidecar read this `providers.toml`. The folder has to be kept.
pub fn with_providers(text: &str) -> (tempfile::TempDir, impl Fn(&mut Settings) + use<>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("providers.toml");
    std::fs::write(&file, text).unwrap();
    let change = move |settings: &mut Settings| {
        settings.providers_file.clone_from(&file);
        settings.mail.public_url = Some("https://realm.example".to_owned());
    };
    (folder, change)
}

fn google(issuer: &str) -> String {
    format!(
        "[google]\nclient_id = \"realm\"\nclient_secret = \"a secret of the realm's\"\napp_client_ids = [\"app\"]\n\
         issuer = \"{issuer}\""
    )
}

impl Door {
    async fn open() -> Option<Self> {
        Self::open_with(|_| {}).await
    }

    async fn open_with(change: impl Fn(&mut Settings)) -> Option<Self> {
        let provider = OpenIdProvider::start(Some(START_MS)).await?;
        let (folder, providers) = with_providers(&google(&provider.issuer));
        let both = |settings: &mut Settings| {
            providers(settings);
            change(settings);
        };
        Some(Self { realm: Realm::sqlite_with(both).await, provider, _folder: folder })
    }

    async fn begin(&self, caller: Option<&Player>) -> Flow {
        let call = self.realm.call("GET", "/auth/google", Value::Null);
        let call = caller.into_iter().fold(call, |call, caller| call.bearer(&caller.access));
        let begun = call.send().await.expect(StatusCode::OK);
        let text = |name: &str| begun[name].as_str().unwrap().to_owned();
        Flow { url: text("authorization_url"), session: text("session_id"), code: text("code") }
    }

    /// Logs in at the provider; the browser comes back to us, and the user agrees. Returns what the page shows then.
    async fn log_in(&mut self, flow: &Flow, user: &str) -> Answer {
        let at = self.provider.visit(&flow.url, user).await;
        agree(&self.realm, &self.come_back(&at).await).await
    }

    async fn come_back(&self, at: &str) -> Answer {
        let path = at.strip_prefix("https://realm.example").unwrap_or_else(|| panic!("another place: {at}"));
        self.realm.app().get(path).send().await
    }

    async fn status(&self, flow: &Flow) -> Answer {
        self.realm.call("GET", &format!("/auth/session/{}", flow.session), Value::Null).send().await
    }

    /// Whoever logs in by the provider.
    async fn player(&mut self, user: &str) -> Player {
        let flow = self.begin(None).await;
        self.log_in(&flow, user).await;
        let status = self.status(&flow).await.expect(StatusCode::OK);
        player(&self.realm, &status).await
    }

    async fn by_id_token(&self, token: &str) -> Answer {
        self.realm.call("POST", "/auth/google/id_token", json!({"id_token": token})).send().await
    }
}

/// Where a browser goes that a provider has sent back to us: the page on which the flow ends.
pub fn page_of(back: &Answer) -> &str {
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
    back.header("location").unwrap()
}

/// Presses a button of that page. Returns what it shows then.
pub async fn press(realm: &Realm, back: &Answer, answer: &str) -> Answer {
    let token = page_of(back).strip_prefix("/auth/success?session_id=").unwrap();
    let form = format!("session_id={token}&answer={answer}");
    realm.app().call(Method::POST, "/auth/success").body("application/x-www-form-urlencoded", form).send().await
}

/// Agrees on that page.
pub async fn agree(realm: &Realm, back: &Answer) -> Answer {
    press(realm, back, "yes").await
}

/// The state in an address of a provider, which the provider gives back.
fn state_of(url: &str) -> &str {
    url.split_once("state=").unwrap().1.split('&').next().unwrap()
}

/// Whose tokens these are.
pub async fn player(realm: &Realm, told: &Value) -> Player {
    let text = |name: &str| told["data"][name].as_str().unwrap_or_else(|| panic!("{name}: {told}")).to_owned();
    let player = Player {
        id: text("user_id"),
        access: text("access_token"),
        refresh: text("refresh_token"),
        username: String::new(),
    };
    let me = me(realm, &player).await;
    assert_eq!(me["id"], player.id);
    Player { username: me["username"].as_str().unwrap().to_owned(), ..player }
}

pub async fn me(realm: &Realm, player: &Player) -> Value {
    realm.by(player, "GET", "/me", Value::Null).await.expect(StatusCode::OK)
}

/// What an answer says is wrong.
fn wrong(answer: &Answer) -> (u16, String) {
    let said = answer.json();
    let text = said["details"].as_str().or(said["message"].as_str()).unwrap_or_default();
    (answer.status.as_u16(), format!("{}: {text}", said["error"].as_str().unwrap_or_default()))
}

#[tokio::test]
async fn a_browser_logs_in_and_the_program_that_sent_it_gets_the_tokens() {
    let Some(mut door) = Door::open().await else { return };
    let flow = door.begin(None).await;
    assert_eq!(flow.session.len(), 43);
    assert_eq!(
        door.status(&flow).await.expect(StatusCode::OK),
        json!({"status": "pending", "message": "", "data": {}})
    );
    let at = door.provider.visit(&flow.url, "ann").await;
    let back = door.come_back(&at).await;
    let page = door.realm.app().get(page_of(&back)).send().await;
    for shown in [&*flow.code, "Google account ann@example.org", "A game at this machine asks to log in"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    let page = agree(&door.realm, &back).await;
    assert!(page.text.contains("Go back to the game"), "{}", page.text);
    assert_eq!(door.realm.app().get(page_of(&back)).send().await.text, page.text, "it may be loaded again");

    let status = door.status(&flow).await.expect(StatusCode::OK);
    assert_eq!((&status["status"], &status["message"]), (&json!("completed"), &json!("")));
    let ann = player(&door.realm, &status).await;
    let me = me(&door.realm, &ann).await;
    assert_eq!((&me["email"], &me["display_name"]), (&json!("ann@example.org"), &json!("ann of the provider")));
    assert_eq!(me["profile_url"], "https://pictures.example/ann.png");
    assert_eq!((&me["linked_providers"]["google"], &me["has_password"]), (&json!(true), &json!(false)));
    assert!(ann.username.starts_with("annoftheprovider-"), "{}", ann.username);
    assert_eq!(door.player("ann").await.id, ann.id, "the next time it is the same account");
    assert_ne!(door.player("ben").await.id, ann.id);
}

#[tokio::test]
async fn a_picture_with_a_longer_address_than_the_operator_wants_is_left_out() {
    let shorter = |settings: &mut Settings| settings.community.limits.max_profile_url = 31;
    let Some(mut door) = Door::open_with(shorter).await else { return };
    let ann = door.player("ann").await;
    assert_eq!(me(&door.realm, &ann).await["profile_url"], "");
}

#[tokio::test]
async fn the_same_on_replicas() {
    let Some(mut provider) = OpenIdProvider::start(Some(START_MS)).await else { return };
    let (_folder, change) = with_providers(&google(&provider.issuer));
    let Some(realm) = Realm::replicas_with(change).await else { return };
    let begun = realm.call("GET", "/auth/google", Value::Null).send().await.expect(StatusCode::OK);
    let at = provider.visit(begun["authorization_url"].as_str().unwrap(), "ann").await;
    let back = realm.app().get(at.strip_prefix("https://realm.example").unwrap()).send().await;
    agree(&realm, &back).await;
    let path = format!("/auth/session/{}", begun["session_id"].as_str().unwrap());
    let status = realm.call("GET", &path, Value::Null).send().await.expect(StatusCode::OK);
    let ann = player(&realm, &status).await;
    // Two programs of one player at once make one account.
    let token = provider.id_token("app", "ben").await;
    let call = || realm.call("POST", "/auth/google/id_token", json!({"id_token": token})).send();
    let (one, other) = tokio::join!(call(), call());
    let (one, other) = (one.expect(StatusCode::OK), other.expect(StatusCode::OK));
    assert_eq!(one["data"]["user_id"], other["data"]["user_id"]);
    assert_ne!(one["data"]["user_id"], ann.id);
}

#[tokio::test]
async fn tokens_are_handed_out_a_few_times_and_for_a_short_while() {
    let Some(mut door) = Door::open().await else { return };
    let flow = door.begin(None).await;
    door.log_in(&flow, "ann").await;
    for _ in 0..3 {
        door.status(&flow).await.expect(StatusCode::OK);
    }
    assert_eq!(door.status(&flow).await.expect(StatusCode::NOT_FOUND)["error"], "session_not_found");
    let late = door.begin(None).await;
    door.log_in(&late, "ann").await;
    door.realm.each(|app| app.advance(Duration::from_secs(119)));
    door.status(&late).await.expect(StatusCode::OK);
    door.realm.each(|app| app.advance(Duration::from_secs(2)));
    door.status(&late).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_state_is_good_once_for_ten_minutes_and_must_be_ours() {
    let Some(mut door) = Door::open().await else { return };
    let flow = door.begin(None).await;
    let at = door.provider.visit(&flow.url, "ann").await;
    let foreign = at.replace(state_of(&flow.url), &URL_SAFE_NO_PAD.encode([7; 32]));
    let stateless = at.replace("state=", "nothing=");
    for forged in [&foreign, &stateless] {
        let answer = door.come_back(forged).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{forged}");
        assert!(answer.text.contains("This login has ended, or was not started here"), "{}", answer.text);
    }
    // Nor may another provider's answer have it.
    assert_eq!(door.come_back(&at.replace("/google/", "/discord/")).await.status, StatusCode::FORBIDDEN);
    door.realm.each(|app| app.advance(Duration::from_secs(599)));
    assert_eq!(door.come_back(&at).await.status, StatusCode::SEE_OTHER);
    assert_eq!(door.come_back(&at).await.status, StatusCode::FORBIDDEN, "it was used");

    let late = door.begin(None).await;
    let at = door.provider.visit(&late.url, "ann").await;
    door.realm.each(|app| app.advance(Duration::from_secs(601)));
    assert_eq!(door.come_back(&at).await.status, StatusCode::FORBIDDEN);
    door.status(&late).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_asked_for_by_somebody_else_is_no_log_in() {
    let Some(mut door) = Door::open().await else { return };
    let failed = async |door: &Door, flow: &Flow| {
        let status = door.status(flow).await.expect(StatusCode::OK);
        assert_eq!(
            (&status["status"], &status["data"]["error"]),
            (&json!("error"), &json!("exchange_failed")),
            "{status}"
        );
        assert_eq!(status["message"], status["data"]["details"]);
        status["message"].as_str().unwrap().to_owned()
    };
    // A code that another flow has led to: the provider wants that flow's verifier.
    let (victim, own) = (door.begin(None).await, door.begin(None).await);
    let stolen = door.provider.visit(&victim.url, "ann").await.replace(state_of(&victim.url), state_of(&own.url));
    assert_eq!(door.come_back(&stolen).await.status, StatusCode::SEE_OTHER);
    assert!(failed(&door, &own).await.starts_with("the provider refused"));
    // And a token with another flow's nonce, though all else is right.
    let parameter = |url: &str, name: &str| {
        let begin = url.split_once(&format!("{name}=")).unwrap().1;
        begin.split('&').next().unwrap().to_owned()
    };
    let own = door.begin(None).await;
    let url = own.url.replace(&parameter(&own.url, "nonce"), &parameter(&victim.url, "nonce"));
    let at = door.provider.visit(&url, "ann").await;
    door.come_back(&at).await;
    assert_eq!(failed(&door, &own).await, "the id token belongs to another login");
    // Who says no to the provider has not logged in.
    let own = door.begin(None).await;
    door.come_back(&format!(
        "https://realm.example/auth/google/callback?error=access_denied&state={}",
        state_of(&own.url)
    ))
    .await;
    assert_eq!(failed(&door, &own).await, "the provider refused: access_denied");
}

#[tokio::test]
async fn an_id_token_has_to_be_the_provider_s_and_ours_and_young() {
    let (Some(mut door), Some(mut stranger)) = (Door::open().await, OpenIdProvider::start(Some(START_MS)).await) else {
        return;
    };
    door.realm.device("the administrator's").await;
    let good = door.provider.id_token("app", "ann").await;
    let ann = player(&door.realm, &door.by_id_token(&good).await.expect(StatusCode::OK)).await;
    assert_eq!(door.player("ann").await.id, ann.id, "by a browser it is the same account");

    let wrong_audience = door.provider.id_token("other", "ann").await;
    let wrong_issuer = stranger.id_token("app", "ann").await;
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{good}") };
    let encoded = |text: String| URL_SAFE_NO_PAD.encode(text);
    let decoded = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let somebody_else = encoded(decoded(claims).replace("ann", "eve"));
    let unsigned = encoded(decoded(header).replace("RS256", "none"));
    let by_a_secret = encoded(decoded(header).replace("RS256", "HS256"));
    let unknown_key = encoded(decoded(header).replace("first", "third"));
    let forged = "invalid_token: the id token is invalid";
    for (token, why) in [
        (wrong_audience, "invalid_token: the id token is for another client"),
        (wrong_issuer, forged),
        (format!("{header}.{somebody_else}.{signature}"), forged),
        (format!("{unsigned}.{claims}."), forged),
        (format!("{by_a_secret}.{claims}.{signature}"), forged),
        (format!("{unknown_key}.{claims}.{signature}"), forged),
        ("x".to_owned(), forged),
        ("a.b.c".to_owned(), forged),
        (format!("{good}{}", "x".repeat(9_000)), forged),
    ] {
        assert_eq!(wrong(&door.by_id_token(&token).await), (400, why.to_owned()), "{token}");
    }
    assert_eq!(wrong(&door.by_id_token("").await), (400, "missing_param: ".to_owned()));
    door.realm.each(|app| app.advance(Duration::from_secs(3_600 + 61)));
    assert_eq!(wrong(&door.by_id_token(&good).await), (400, "invalid_token: the id token has expired".to_owned()));
}

#[tokio::test]
async fn a_provider_s_keys_may_change() {
    let Some(mut door) = Door::open().await else { return };
    let old = door.provider.id_token("app", "ann").await;
    door.by_id_token(&old).await.expect(StatusCode::OK);
    door.provider.rotate().await;
    let new = door.provider.id_token("app", "ann").await;
    assert_eq!(door.by_id_token(&new).await.status, StatusCode::BAD_REQUEST, "its keys were asked for just now");
    door.realm.each(|app| app.advance(Duration::from_secs(10)));
    door.by_id_token(&new).await.expect(StatusCode::OK);
    let forged = (400, "invalid_token: the id token is invalid".to_owned());
    assert_eq!(wrong(&door.by_id_token(&old).await), forged, "its key is none any more");
}

#[tokio::test]
async fn a_provider_is_linked_to_an_account_that_is_there() {
    let Some(mut door) = Door::open().await else { return };
    door.realm.device("the administrator's").await;
    let ann = door.realm.device("ann's").await;
    let flow = door.begin(Some(&ann)).await;
    let pending = door.status(&flow).await.expect(StatusCode::OK);
    assert_eq!(pending["data"], json!({"link_user_id": ann.id}));
    let page = door.log_in(&flow, "ann").await;
    assert!(page.text.contains("Go back to the game"), "{}", page.text);
    let linked = json!({"linked": true, "provider": "google_id", "link_user_id": ann.id});
    assert_eq!(door.status(&flow).await.expect(StatusCode::OK)["data"], linked);
    assert_eq!(door.player("ann").await.id, ann.id);
    // Nobody else's account gets it.
    let ben = door.realm.device("ben's").await;
    let token = door.provider.id_token("app", "ann").await;
    let body = json!({"id_token": token});
    let refused = door.realm.by(&ben, "POST", "/auth/google/id_token", body).await;
    assert_eq!(refused.expect(StatusCode::CONFLICT)["error"], "provider_already_linked");
    let flow = door.begin(Some(&ben)).await;
    door.log_in(&flow, "ann").await;
    let status = door.status(&flow).await.expect(StatusCode::OK);
    assert_eq!((&status["status"], &status["data"]["error"]), (&json!("conflict"), &json!("provider_already_linked")));
    // A device may go now, the last provider may not.
    door.realm.by(&ann, "DELETE", "/me/device", Value::Null).await.expect(StatusCode::OK);
    let unlink = async |name: &str| door.realm.by(&ann, "DELETE", &format!("/me/providers/{name}"), Value::Null).await;
    let refused = unlink("google").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["error"], "Cannot unlink the last linked provider");
    assert_eq!(unlink("myspace").await.expect(StatusCode::BAD_REQUEST)["error"], "Unknown provider");
    // Whoever logs out everywhere also ends what was begun before.
    let flow = door.begin(Some(&ben)).await;
    let password = json!({"password": "a long password"});
    door.realm.by(&ben, "PATCH", "/me/password", password).await.expect(StatusCode::OK);
    door.log_in(&flow, "eve").await;
    assert_eq!(door.status(&flow).await.expect(StatusCode::OK)["data"]["error"], "link_failed");
}

#[tokio::test]
async fn an_address_counts_only_where_the_provider_vouches_for_it() {
    let Some(mut door) = Door::open().await else { return };
    let ann = door.player("ann").await;
    let flow = door.begin(None).await;
    door.log_in(&flow, "ann-unverified").await;
    let other = player(&door.realm, &door.status(&flow).await.expect(StatusCode::OK)).await;
    assert_ne!(other.id, ann.id, "it may be somebody else");
    assert_eq!(me(&door.realm, &other).await["email"], "");
    let ben = door.player("ben-unverified").await;
    assert_eq!(me(&door.realm, &ben).await["email"], "", "nor is it kept");
    assert_eq!(me(&door.realm, &ann).await["email"], "ann@example.org");
}

#[tokio::test]
async fn accounts_wait_for_their_activation_here_too() {
    let Some(mut door) = Door::open_with(|settings| settings.community.require_activation = true).await else { return };
    door.realm.device("the administrator's").await;
    let flow = door.begin(None).await;
    door.log_in(&flow, "ann").await;
    let status = door.status(&flow).await.expect(StatusCode::OK);
    assert_eq!((&status["status"], &status["data"]["error"]), (&json!("error"), &json!("account_not_activated")));
    let token = door.provider.id_token("app", "ann").await;
    assert_eq!(door.by_id_token(&token).await.expect(StatusCode::FORBIDDEN)["error"], "account_not_activated");
}
