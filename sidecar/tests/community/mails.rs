//! Addresses and mails: sign-up, another address, another password, against a mail server.

use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::{Value, json};

use crate::backends::{Player, Realm};
use crate::smtp::{MailServer, Received};
use crate::testing::{Answer, PASSWORD};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How long a mail stands for others that say the same.
const STANDS: Duration = Duration::from_secs(15 * 60);
const OTHER_PASSWORD: &str = "another password";

/// Tests of each named function on every backend, with a mail server.
macro_rules! by_mail {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $test() {
                let server = super::MailServer::start().await;
                super::$test($crate::backends::Realm::sqlite_with(server.of()).await, server).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $test() {
                let server = super::MailServer::start().await;
                if let Some(realm) = $crate::backends::Realm::postgres_with(server.of()).await {
                    super::$test(realm, server).await;
                }
            })+
        }
        mod on_replicas {
            $(#[tokio::test] async fn $test() {
                let server = super::MailServer::start().await;
                if let Some(realm) = $crate::backends::Realm::replicas_with(server.of()).await {
                    super::$test(realm, server).await;
                }
            })+
        }
    };
}
pub(crate) use by_mail;

by_mail!(
    an_account_is_made_when_its_address_is_confirmed,
    a_device_account_gets_an_address_and_loses_nothing,
    another_address_ends_every_log_in_and_the_first_one_hears_of_it,
    a_reset_ends_every_log_in_and_every_other_link,
    links_are_for_one_thing_once_and_for_a_while,
    nobody_learns_whether_an_address_has_an_account,
    a_strangers_password_is_not_the_accounts,
    asking_again_at_once_sends_no_second_mail,
    sign_ups_of_strangers_keep_nobody_from_a_new_password,
    of_two_who_confirm_one_address_at_once_one_has_it,
    whatever_opens_or_ends_an_account_is_reported_to_its_address,
);

/// Calls without an access token.
impl Realm {
    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).send().await
    }

    /// Signs an address up. Nothing is said but that it was done.
    pub async fn sign_up(&self, address: &str) {
        let answer = self.post("/register", json!({"email": address})).await;
        assert_eq!(answer.expect(StatusCode::OK), json!({}));
    }

    async fn forget(&self, address: &str) {
        let answer = self.post("/password/forgot", json!({"email": address})).await;
        assert_eq!(answer.expect(StatusCode::OK), json!({}));
    }

    pub async fn confirm(&self, token: &str) -> Answer {
        self.post("/confirm", json!({"token": token, "password": PASSWORD})).await
    }

    async fn reset(&self, token: &str, password: &str) -> Answer {
        self.post("/password/reset", json!({"token": token, "password": password})).await
    }

    async fn log_in(&self, address: &str, password: &str) -> Answer {
        self.post("/login", json!({"email": address, "password": password})).await
    }

    /// Makes an account with this address.
    async fn with_address(&self, server: &mut MailServer, address: &str) -> Player {
        self.sign_up(address).await;
        self.confirm(&server.token(address).await).await.expect(StatusCode::OK);
        Player::of(&self.log_in(address, PASSWORD).await.expect(StatusCode::OK))
    }

    /// Lets so much time pass that no mail stands for another any more. One that is not noted as sent would be sent again.
    async fn outlast_mails(&self) {
        let all_sent = async {
            while self.count("SELECT COUNT(*) FROM mails WHERE due_at_ms IS NOT NULL").await > 0 {
                a_moment().await;
            }
        };
        soon("the end of all sending", all_sent).await;
        self.each(|app| app.advance(STANDS));
    }

    async fn me(&self, player: &Player) -> Answer {
        self.by(player, "GET", "/me", Value::Null).await
    }
}

fn is_gone(answer: &Answer) {
    assert_eq!(answer.expect(StatusCode::BAD_REQUEST)["error"], "invalid_token");
}

async fn an_account_is_made_when_its_address_is_confirmed(realm: Realm, mut server: MailServer) {
    realm.device("the administrator's").await;
    realm.sign_up(" Ann@Example.ORG ").await;
    let token = server.token("ann@example.org").await;
    realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(realm.confirm(&token).await.expect(StatusCode::OK), json!({}));
    let ann = Player::of(&realm.log_in("ANN@example.org", PASSWORD).await.expect(StatusCode::OK));
    let me = realm.me(&ann).await.expect(StatusCode::OK);
    assert_eq!((&me["email"], &me["has_password"]), (&json!("ann@example.org"), &json!(true)));
    is_gone(&realm.confirm(&token).await);
    // Whoever signs up with it again is told, by mail, and changes nothing.
    realm.sign_up("ann@example.org").await;
    let told = server.next().await;
    assert!(
        told.to == "ann@example.org" && told.token().is_none() && told.text.contains("/account/forgot"),
        "{told:?}"
    );
    realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::OK);
    realm.by(&ann, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    realm.outlast_mails().await;
    realm.with_address(&mut server, "ann@example.org").await;
}

async fn a_device_account_gets_an_address_and_loses_nothing(realm: Realm, mut server: MailServer) {
    let ann = realm.device("ann's phone").await;
    let ask = async |body| realm.by(&ann, "PATCH", "/me/email", body).await;
    let missing = ask(json!({"email": "ann@example.org"})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(missing, json!({"error": "invalid_data", "errors": {"password": ["can't be blank"]}}));
    let done = ask(json!({"email": "Ann@example.org", "password": PASSWORD})).await.expect(StatusCode::OK);
    assert_eq!(done, json!({"ok": true, "id": ann.id}));
    assert_eq!(realm.me(&ann).await.expect(StatusCode::OK)["email"], "", "not before it is confirmed");
    realm.confirm(&server.token("ann@example.org").await).await.expect(StatusCode::OK);
    let me = realm.me(&ann).await.expect(StatusCode::OK);
    assert_eq!((&me["email"], &me["username"]), (&json!("ann@example.org"), &json!(ann.username)));
    assert_eq!((&me["has_password"], &me["linked_providers"]["device"]), (&json!(true), &json!(true)));
    let by_address = Player::of(&realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::OK));
    assert_eq!((&by_address.id, realm.device("ann's phone").await.id), (&ann.id, ann.id.clone()));
}

async fn another_address_ends_every_log_in_and_the_first_one_hears_of_it(realm: Realm, mut server: MailServer) {
    let ann = realm.with_address(&mut server, "ann@example.org").await;
    let ask = async |email: &str, current: &str| {
        let body = json!({"email": email, "current_password": current, "password": "is not looked at"});
        realm.by(&ann, "PATCH", "/me/email", body).await
    };
    let wrong = ask("new@example.org", "not it").await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(wrong["error"], "invalid_current_password");
    let same = ask("ANN@example.org", PASSWORD).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(same["errors"]["email"], json!(["did not change"]));
    ask("new@example.org", PASSWORD).await.expect(StatusCode::OK);
    let token = server.token("new@example.org").await;
    realm.me(&ann).await.expect(StatusCode::OK);
    realm.confirm(&token).await.expect(StatusCode::OK);
    let told = server.next().await;
    assert!(told.to == "ann@example.org" && told.token().is_none() && told.text.contains("a new address"), "{told:?}");
    realm.me(&ann).await.expect(StatusCode::UNAUTHORIZED);
    realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::UNAUTHORIZED);
    let now = Player::of(&realm.log_in("new@example.org", PASSWORD).await.expect(StatusCode::OK));
    assert_eq!(now.id, ann.id);
    // The first one is free.
    realm.outlast_mails().await;
    assert_ne!(realm.with_address(&mut server, "ann@example.org").await.id, ann.id);
}

async fn a_reset_ends_every_log_in_and_every_other_link(realm: Realm, mut server: MailServer) {
    let ann = realm.with_address(&mut server, "ann@example.org").await;
    let device = json!({"device_id": "ann's phone"});
    realm.by(&ann, "POST", "/me/device", device).await.expect(StatusCode::OK);
    realm.forget("ann@example.org").await;
    let first = server.token("ann@example.org").await;
    realm.outlast_mails().await;
    realm.forget(" ANN@example.org").await;
    let second = server.token("ann@example.org").await;
    let ann = Player::of(&realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::OK));
    let change = json!({"email": "new@example.org", "current_password": PASSWORD});
    realm.by(&ann, "PATCH", "/me/email", change).await.expect(StatusCode::OK);
    let address = server.token("new@example.org").await;
    let short = realm.reset(&first, "short").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(short["errors"]["password"], json!(["should be at least 8 character(s)"]));
    realm.reset(&first, OTHER_PASSWORD).await.expect(StatusCode::OK);
    realm.me(&ann).await.expect(StatusCode::UNAUTHORIZED);
    realm.post("/refresh", json!({"refresh_token": ann.refresh})).await.expect(StatusCode::UNAUTHORIZED);
    realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::UNAUTHORIZED);
    realm.log_in("ann@example.org", OTHER_PASSWORD).await.expect(StatusCode::OK);
    assert_ne!(realm.device("ann's phone").await.id, ann.id, "somebody who had the old password may have linked it");
    for used in [&first, &second] {
        is_gone(&realm.reset(used, "a third password").await);
    }
    is_gone(&realm.confirm(&address).await);
    // So does a password that is changed by whoever knows it.
    realm.forget("ann@example.org").await;
    let third = server.token("ann@example.org").await;
    let ann = Player::of(&realm.log_in("ann@example.org", OTHER_PASSWORD).await.expect(StatusCode::OK));
    let body = json!({"password": PASSWORD, "current_password": OTHER_PASSWORD});
    realm.by(&ann, "PATCH", "/me/password", body).await.expect(StatusCode::OK);
    is_gone(&realm.reset(&third, "a third password").await);
    realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::OK);
}

async fn links_are_for_one_thing_once_and_for_a_while(realm: Realm, mut server: MailServer) {
    realm.with_address(&mut server, "ann@example.org").await;
    realm.forget("ann@example.org").await;
    let reset = server.token("ann@example.org").await;
    realm.sign_up("bob@example.org").await;
    let confirm = server.token("bob@example.org").await;
    is_gone(&realm.confirm(&reset).await);
    is_gone(&realm.reset(&confirm, OTHER_PASSWORD).await);
    for tampered in [&confirm[1..], &format!("{confirm}A"), &confirm.to_uppercase(), "", "\u{e4}", &"x".repeat(9_000)] {
        is_gone(&realm.confirm(tampered).await);
    }
    realm.each(|app| app.advance(HOUR - Duration::from_secs(1)));
    let both_at_once = tokio::join!(realm.reset(&reset, OTHER_PASSWORD), realm.reset(&reset, OTHER_PASSWORD));
    let mut statuses = [both_at_once.0.status, both_at_once.1.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::BAD_REQUEST]);
    realm.forget("ann@example.org").await;
    let late = server.token("ann@example.org").await;
    realm.each(|app| app.advance(HOUR));
    is_gone(&realm.reset(&late, "a third password").await);
    realm.each(|app| app.advance(HOUR * 22));
    realm.confirm(&confirm).await.expect(StatusCode::OK);
    realm.sign_up("eve@example.org").await;
    let late = server.token("eve@example.org").await;
    realm.each(|app| app.advance(HOUR * 24));
    is_gone(&realm.confirm(&late).await);
    realm.sign_up("eve@example.org").await;
    realm.confirm(&server.token("eve@example.org").await).await.expect(StatusCode::OK);
}

async fn nobody_learns_whether_an_address_has_an_account(realm: Realm, mut server: MailServer) {
    realm.with_address(&mut server, "ann@example.org").await;
    let eve = realm.device("eve's phone").await;
    let mut answers = Vec::new();
    for address in ["nobody@example.org", "ann@example.org"] {
        let mut of_one = Vec::new();
        for (path, body) in [
            ("/password/forgot", json!({"email": address})),
            ("/register", json!({"email": address})),
            ("/login", json!({"email": address, "password": OTHER_PASSWORD})),
        ] {
            let answer = realm.post(path, body).await;
            of_one.push((answer.status, answer.text));
        }
        let body = json!({"email": address, "password": OTHER_PASSWORD});
        let answer = realm.by(&eve, "PATCH", "/me/email", body).await;
        of_one.push((answer.status, answer.text));
        answers.push(of_one);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].iter().filter(|answer| answer.0 == StatusCode::OK).count() == 3, "{answers:?}");
    // The owner hears of it, and whoever does not have an account gets no mail about a password.
    let mut told = Vec::new();
    for _ in 0..4 {
        let mail = server.next().await;
        told.push((mail.to.clone(), mail.token().is_some()));
    }
    told.sort();
    let (nobody, ann) = ("nobody@example.org".to_owned(), "ann@example.org".to_owned());
    assert_eq!(told, [(ann.clone(), false), (ann, true), (nobody.clone(), true), (nobody, true)]);
    assert!(server.has_none());
}

async fn a_strangers_password_is_not_the_accounts(realm: Realm, mut server: MailServer) {
    let body = json!({"email": "ann@example.org", "password": OTHER_PASSWORD});
    realm.post("/register", body).await.expect(StatusCode::OK);
    let token = server.token("ann@example.org").await;
    for body in [json!({"token": token}), json!({"token": token, "password": "short"})] {
        assert!(realm.post("/confirm", body).await.expect(StatusCode::BAD_REQUEST)["errors"]["password"].is_array());
    }
    realm.confirm(&token).await.expect(StatusCode::OK);
    realm.log_in("ann@example.org", OTHER_PASSWORD).await.expect(StatusCode::UNAUTHORIZED);
    realm.log_in("ann@example.org", PASSWORD).await.expect(StatusCode::OK);
}

async fn asking_again_at_once_sends_no_second_mail(realm: Realm, mut server: MailServer) {
    realm.with_address(&mut server, "ann@example.org").await;
    for _ in 0..8 {
        for address in ["ann@example.org", "nobody@example.org"] {
            realm.forget(address).await;
            realm.sign_up(address).await;
        }
    }
    let mut told = [server.next().await, server.next().await, server.next().await].map(|mail| mail.to);
    told.sort();
    assert_eq!(told, ["ann@example.org", "ann@example.org", "nobody@example.org"]);
    assert!(server.has_none());
    realm.outlast_mails().await;
    realm.forget("ann@example.org").await;
    server.token("ann@example.org").await;
}

async fn sign_ups_of_strangers_keep_nobody_from_a_new_password(realm: Realm, mut server: MailServer) {
    realm.with_address(&mut server, "ann@example.org").await;
    for _ in 0..8 {
        realm.sign_up("ann@example.org").await;
    }
    realm.forget("ann@example.org").await;
    let mails = [server.next().await, server.next().await];
    assert!(server.has_none(), "the owner is told of the sign-ups once");
    let tokens: Vec<String> = mails.iter().filter_map(Received::token).collect();
    let [token] = &tokens[..] else { panic!("{mails:?}") };
    realm.reset(token, OTHER_PASSWORD).await.expect(StatusCode::OK);
}

async fn of_two_who_confirm_one_address_at_once_one_has_it(realm: Realm, mut server: MailServer) {
    let ann = realm.device("ann's phone").await;
    let body = json!({"email": "shared@example.org", "password": OTHER_PASSWORD});
    realm.by(&ann, "PATCH", "/me/email", body).await.expect(StatusCode::OK);
    realm.sign_up("shared@example.org").await;
    let (one, other) = (server.token("shared@example.org").await, server.token("shared@example.org").await);
    let (first, second) = tokio::join!(realm.confirm(&one), realm.confirm(&other));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::BAD_REQUEST]);
    let mut opened = 0;
    for password in [PASSWORD, OTHER_PASSWORD] {
        opened += u32::from(realm.log_in("shared@example.org", password).await.status == StatusCode::OK);
    }
    assert_eq!(opened, 1);
}

async fn whatever_opens_or_ends_an_account_is_reported_to_its_address(realm: Realm, mut server: MailServer) {
    realm.device("the administrator's").await;
    let to = "ann@example.org";
    let ann = realm.with_address(&mut server, to).await;
    let device = json!({"device_id": "a device"});
    realm.by(&ann, "POST", "/me/device", device).await.expect(StatusCode::OK);
    server.says(to, "A device can now open your account").await;
    let password = json!({"password": OTHER_PASSWORD, "current_password": PASSWORD});
    realm.by(&ann, "PATCH", "/me/password", password).await.expect(StatusCode::OK);
    server.says(to, "was changed. All devices").await;
    // Also where a log-in links the device by itself.
    let body = json!({"email": to, "password": OTHER_PASSWORD, "device_id": "another device"});
    let ann = Player::of(&realm.post("/login", body).await.expect(StatusCode::OK));
    server.says(to, "A device can now open your account").await;
    realm.forget(to).await;
    let token = server.token(to).await;
    realm.reset(&token, PASSWORD).await.expect(StatusCode::OK);
    server.says(to, "was changed. All devices").await;
    realm.me(&ann).await.expect(StatusCode::UNAUTHORIZED);
    let ann = Player::of(&realm.log_in(to, PASSWORD).await.expect(StatusCode::OK));
    realm.by(&ann, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    server.says(to, "was deleted").await;
}
