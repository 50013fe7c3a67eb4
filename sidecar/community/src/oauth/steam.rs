//! Steam: OpenID 2.0 for browsers, and tickets of games that run in Steam.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::identity::Identity;
use super::outward::{Outward, ProviderError};
use super::parameters::Parameters;
use super::providers::{Flow, address};
use super::settings::SteamSettings;

const OPENID: &str = "http://specs.openid.net/auth/2.0";
const ANYBODY: &str = "http://specs.openid.net/auth/2.0/identifier_select";
/// What has to be signed, or it could be anybody's.
const SIGNED: [&str; 5] = ["op_endpoint", "claimed_id", "identity", "return_to", "response_nonce"];
/// Longest ticket, in hexadecimal digits.
const MAX_TICKET: usize = 5_120;

/// Steam.
pub struct Steam {
    settings: SteamSettings,
    outward: Arc<Outward>,
}

#[derive(Deserialize)]
struct SummaryAnswer {
    response: SummaryResponse,
}

#[derive(Deserialize)]
struct SummaryResponse {
    players: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    personaname: String,
    avatarfull: String,
}

#[derive(Deserialize)]
struct TicketAnswer {
    response: TicketResponse,
}

#[derive(Deserialize)]
struct TicketResponse {
    params: Option<TicketOwner>,
}

#[derive(Deserialize)]
struct TicketOwner {
    result: String,
    steamid: String,
}

impl Steam {
    /// Asks nothing yet.
    pub fn new(settings: SteamSettings, outward: Arc<Outward>) -> Self {
        Self { settings, outward }
    }

    fn endpoint(&self) -> String {
        format!("{}/openid/login", self.settings.url)
    }

    /// Where a browser is sent.
    pub fn authorization_url(&self, flow: &Flow<'_>) -> String {
        let realm = flow.redirect_uri.strip_suffix("/auth/steam/callback").unwrap_or(flow.redirect_uri);
        address(
            &self.endpoint(),
            &[
                ("openid.ns", OPENID),
                ("openid.mode", "checkid_setup"),
                ("openid.return_to", &return_to(flow)),
                ("openid.realm", realm),
                ("openid.identity", ANYBODY),
                ("openid.claimed_id", ANYBODY),
            ],
        )
    }

    /// Asks Steam whether what a browser has brought is its own, by exactly those parameters that were read here.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn by_browser(&self, said: &Parameters, flow: &Flow<'_>) -> Result<Identity, ProviderError> {
        const FORGED: ProviderError = ProviderError::Unbelievable("the response is not from Steam");
        let of = |name: &str| said.get(&format!("openid.{name}"));
        let signed: Vec<&str> = of("signed").unwrap_or_default().split(',').collect();
        let is_ours = of("mode") == Some("id_res")
            && of("ns") == Some(OPENID)
            && of("op_endpoint") == Some(&self.endpoint())
            && of("identity") == of("claimed_id")
            && of("return_to") == Some(&return_to(flow))
            && SIGNED.iter().all(|name| signed.contains(name));
        let prefix = format!("{}/openid/id/", self.settings.url);
        let id = of("claimed_id").and_then(|claimed| claimed.strip_prefix(&prefix)).filter(|id| is_id(id));
        let (true, Some(id)) = (is_ours, id) else { return Err(FORGED) };
        let is_sent = |(name, _): &(&str, &str)| name.starts_with("openid.") && *name != "openid.mode";
        let mut form: Vec<(&str, &str)> = said.iter().filter(is_sent).collect();
        form.push(("openid.mode", "check_authentication"));
        let answer = self.outward.post_for_text(&self.endpoint(), &form).await?;
        let is_valid = answer.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"is_valid:true");
        if is_valid { Ok(self.identity(id.to_owned()).await) } else { Err(FORGED) }
    }

    /// Asks Steam whose ticket this is.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn by_ticket(&self, ticket: &str) -> Result<Identity, ProviderError> {
        const NOT_A_TICKET: ProviderError = ProviderError::Unbelievable("the ticket is invalid");
        if ticket.len() > MAX_TICKET || !ticket.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NOT_A_TICKET);
        }
        let url = format!("{}/ISteamUserAuth/AuthenticateUserTicket/v1/", self.settings.api_url);
        let query =
            [("key", self.settings.api_key.expose_secret()), ("appid", &self.settings.app_id), ("ticket", ticket)];
        let answer: TicketAnswer = self.outward.get(&address(&url, &query), None).await?;
        match answer.response.params {
            Some(owner) if owner.result == "OK" && is_id(&owner.steamid) => Ok(self.identity(owner.steamid).await),
            _ => Err(NOT_A_TICKET),
        }
    }
}

impl Steam {
    /// An account of this id, with the name and the picture of its public profile. The id opens the account here: where Steam does not
    /// say what it is called, it stays without a name.
    async fn identity(&self, id: String) -> Identity {
        // https://partner.steamgames.com/doc/webapi/ISteamUser#GetPlayerSummaries
        let url = format!("{}/ISteamUser/GetPlayerSummaries/v2/", self.settings.api_url);
        let query = [("key", self.settings.api_key.expose_secret()), ("steamids", id.as_str())];
        let answer: Result<SummaryAnswer, _> = self.outward.get(&address(&url, &query), None).await;
        let summary = answer.ok().and_then(|answer| answer.response.players.into_iter().next());
        let (name, picture) = summary.map(|summary| (summary.personaname, summary.avatarfull)).unwrap_or_default();
        Identity { subject: id, name, picture, ..Identity::default() }
    }
}

/// Where Steam sends the browser back to; the state is in it.
fn return_to(flow: &Flow<'_>) -> String {
    format!("{}?state={}", flow.redirect_uri, flow.state)
}

fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
