//! Every way to do harm, how often the adversary as a whole does it, and what one act of it sends.

mod administrators;
mod bodies;
mod calls;
mod characters;
mod door;
mod entries;
mod frames;
mod http;
mod idle;
mod logins;
mod mails;
mod noise;
mod pings;
mod providers;
mod realtime;
mod renet;
mod scripts;
mod searches;
mod sockets;
mod tokens;
mod visits;

use futures_util::future::BoxFuture;

use super::hostile::{Hostile, Responses};

/// One way to do harm.
#[derive(Clone, Copy)]
pub struct Behaviour {
    /// Its name in the table.
    pub name: &'static str,
    /// Acts of the whole adversary in a minute.
    pub per_minute: u32,
    /// What one act sends.
    pub sends: &'static str,
    /// Whether some of it must have been refused or cut off by the end of the run: what the server promises.
    pub must_be_refused: bool,
    /// One act.
    pub act: for<'h> fn(&'h mut Hostile) -> BoxFuture<'h, Responses>,
}

macro_rules! behaviours {
    ($($name:literal, $per_minute:literal a minute, $act:path, $sends:literal, $must:ident;)*) => {
        /// All of them.
        pub const ALL: &[Behaviour] = &[$(Behaviour {
            name: $name,
            per_minute: $per_minute,
            sends: $sends,
            must_be_refused: behaviours!(@$must),
            act: |hostile| Box::pin($act(hostile)),
        }),*];
    };
    (@refused) => { true };
    (@free) => { false };
}

behaviours! {
    "ping flood, nothing read", 12 a minute, pings::flood, "up to 64 MiB of pings, until the socket is closed", refused;
    "unsolicited pongs", 12 a minute, pings::pongs, "up to 100,000 pongs, until the socket is closed", refused;
    "malformed frames", 30 a minute, frames::malformed, "one frame against RFC 6455 or over 4 KiB", refused;
    "stalled sockets", 20 a minute, sockets::stall, "60 messages, nothing read for 3 s", free;
    "reconnects", 20 a minute, sockets::reconnect, "5 gateway sockets one after the other", free;
    "messages out of turn", 20 a minute, sockets::out_of_turn, "10 gateway messages in a wrong order", free;
    "entries, tokens shown", 30 a minute, entries::flood, "20 enter_world, each ticket's token shown, nobody connects", refused;
    "half-open handshakes", 30 a minute, entries::half_open, "1 enter_world, its token shown 10 times from 10 addresses", free;
    "noise on the game's port", 30 a minute, noise::noise, "100 datagrams: noise, wrong lengths, forged packets", free;
    "packets of renet", 12 a minute, renet::packets, "a connection: 100 packets in renet's framing that no client sends", refused;
    "parallel log-ins", 10 a minute, logins::parallel, "10 log-ins of one account at once, every other one wrong", refused;
    "stolen refresh tokens", 10 a minute, tokens::reuse, "a refresh token used again after its successor, then enter_world over the old socket", refused;
    "characters made and deleted", 20 a minute, characters::cycle, "a character made, deleted and made again", free;
    "look-alike names", 30 a minute, characters::look_alike, "5 names that look like another's, invisible or mixed", refused;
    "starter kits", 6 a minute, characters::starter_kit, "a character made, entered, its kit dropped, logged out, deleted", free;
    "HTTP floods", 20 a minute, http::flood, "20 requests: deep JSON, 1 MiB bodies, wrong types, unknown routes", refused;
    "idle connections", 10 a minute, idle::idle, "16 connections from 16 addresses, half a request, 5 s", free;
    "hostile texts", 6 a minute, visits::texts, "a visit: 20 lines that fool readers", refused;
    "wild messages", 6 a minute, visits::wild, "a visit: 60 messages of every kind with wild contents", free;
    "invitations", 6 a minute, visits::invite, "a visit: 40 invitations to parties and trades, to honest players", refused;
    "races", 6 a minute, visits::races, "a visit: trade, vendor and loot asked for twice in one tick, out of order", free;
    "to and fro", 4 a minute, visits::to_and_fro, "a visit: 20 s of portals and channels, back and forth", free;
    "out of a fight", 6 a minute, visits::out_of_a_fight, "a visit: attacks, then leaves by one of six ways", free;
    "odd calls", 20 a minute, calls::odd, "20 calls below /api/v1 by nobody, a player or an ended log-in: huge pages, NUL, wrong types, repeated parameters", refused;
    "administrators' calls", 10 a minute, administrators::refused, "20 calls of administrators by nobody, a player or an ended log-in", refused;
    "administrator's odd calls", 6 a minute, administrators::allowed, "20 calls of an administrator with odd values", refused;
    "ended log-ins", 10 a minute, calls::ended_log_in, "a log-in that has ended, shown at characters, administrators' routes and sockets", refused;
    "topics of others", 10 a minute, realtime::joins, "a realtime socket: joins of others' topics and of none", refused;
    "realtime floods", 6 a minute, realtime::flood, "400 messages over a realtime socket, nothing read meanwhile", refused;
    "realtime frames", 20 a minute, realtime::frames, "one frame that is too large, half or no message", refused;
    "refused upgrades", 6 a minute, realtime::upgrades, "20 upgrades without a good token, version, origin or key", refused;
    "costly scripts", 6 a minute, scripts::many, "20 calls of scripts at once: patterns over 60 KiB, large and wrong arguments", refused;
    "endless scripts", 3 a minute, scripts::for_ever, "3 calls of scripts that end with their time or memory", refused;
    "scripts over the socket", 6 a minute, scripts::over_the_socket, "20 such calls over a realtime socket", refused;
    "log-ins by providers", 10 a minute, providers::begun, "10 log-ins by a provider, never ended", free;
    "forged ways back", 10 a minute, providers::forged, "20 ways back from a provider: made-up and repeated states, codes, pages and tokens", refused;
    "mails", 10 a minute, mails::links, "12 sign-ups, forgotten passwords and made-up links for 8 addresses", refused;
    "half bodies", 6 a minute, bodies::half, "12 bodies at once that are announced, begun and never ended", refused;
    "tricks at the door", 10 a minute, door::paths, "10 requests whose path leads above the service's own, encoded up to three times", refused;
    "smuggled requests", 10 a minute, door::smuggled, "10 requests with two lengths, another one in their body", refused;
    "forged users", 10 a minute, door::forged_users, "10 requests that name another user, in every spelling, with and without a token", free;
    "bad tokens at the door", 10 a minute, door::bad_tokens, "5 requests: no token, a forged, an ended, a cut and a long one", refused;
    "half bodies at the door", 6 a minute, door::half_bodies, "12 bodies at once that are announced, begun and never ended", refused;
    "Socket.IO at the door", 10 a minute, door::socketio, "a connection: 800 events, or 10 packets out of order", refused;
    "searches", 20 a minute, searches::many, "12 searches at once: names, lobbies by metadata, boards", free;
}

impl std::fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Behaviour").field("name", &self.name).finish_non_exhaustive()
    }
}
