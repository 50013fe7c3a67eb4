//! How a mirror begins: the user, a place, a socket at the service, and the service's answer to CONNECT.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use realmgate_platform::error::{Error, ErrorCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::connection::End;
use super::identity::{self, Auth, Seal};
use super::measures::Place;
use super::mirror::{Mirror, Special};
use super::packet::{self, Kind};
use super::service_socket::{Lost, ServiceSocket, Target};
use crate::access::{Seat, User};
use crate::dictionary::{Access, SocketIo};

/// The time between two attempts to reach a service that was lost lately.
const OUTAGE_RETRY: Duration = Duration::from_secs(1);

/// What a mirror relays with.
pub(super) struct Open {
    pub(super) socket: ServiceSocket,
    /// The payload of the service's CONNECT, for the client.
    pub(super) confirmation: String,
    pub(super) seat: Option<Seat>,
    pub(super) place: Place,
}

/// Why a client gets no mirror.
pub(super) enum Refusal {
    /// The door refuses it.
    Door(ErrorCode),
    /// The service refuses it, with this payload.
    Service(String),
    /// The mirror has ended while it was joined.
    Ended(End),
    /// The service was lost: the client reconnects until it is back.
    Reconnect,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        if error.code == ErrorCode::Internal {
            tracing::error!(%error, "socket refused");
        }
        Self::Door(error.code)
    }
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Self {
        Self::Door(match lost {
            Lost::Timeout => ErrorCode::ServiceTimeout,
            Lost::Closed | Lost::TooLarge | Lost::Fault => ErrorCode::ServiceUnreachable,
        })
    }
}

impl Mirror {
    pub(super) async fn open(&self, auth: Auth) -> Result<Open, Refusal> {
        let user = self.user(auth.token()).await?;
        let seat = match &user {
            Some(user) => Some(self.client.relay.access.take_seat(user).await?),
            None => None,
        };
        let place = self.client.relay.measures.take(&self.service);
        let place = place.ok_or(Refusal::Door(ErrorCode::ServiceUnavailable))?;
        let Some(socket_io) = self.service.socket_io.clone() else { return Err(Refusal::Door(ErrorCode::NotFound)) };

        let limits = self.service.limits;
        let until = Instant::now() + limits.connect + limits.answer;
        let mut socket = self.connect(&socket_io, user.as_deref(), until).await?;
        let joined = timeout_at(until, self.join(&mut socket, auth, user.as_deref(), &place)).await;
        let confirmation = joined.map_err(|_| Refusal::from(Lost::Timeout))??;
        Ok(Open { socket, confirmation, seat, place })
    }

    /// The user; `None` for a client without one, if the service is open.
    async fn user(&self, token: Option<&str>) -> Result<Option<Arc<User>>, Error> {
        let access = &self.client.relay.access;
        let is_open = self.service.sockets == Access::Open;
        match access.user(token).await {
            Ok(user) => Ok(Some(user)),
            Err(error) if is_open && matches!(error.code, ErrorCode::Unauthorized | ErrorCode::InvalidToken) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A socket at the service. One that was lost lately is tried until the time is over: then its clients, which have
    /// lost their sockets at once, reconnect by themselves.
    async fn connect(
        &self,
        socket_io: &SocketIo,
        user: Option<&User>,
        until: Instant,
    ) -> Result<ServiceSocket, Refusal> {
        loop {
            let lost = match self.connect_once(socket_io, user, until).await {
                Ok(socket) => return Ok(socket),
                Err(lost) => lost,
            };
            if !self.client.relay.measures.is_in_outage(&self.service) {
                return Err(lost.into());
            }
            if Instant::now() + OUTAGE_RETRY >= until {
                return Err(Refusal::Reconnect);
            }
            sleep(OUTAGE_RETRY).await;
        }
    }

    /// Tries each base URL of the service, from another one each time.
    async fn connect_once(
        &self,
        socket_io: &SocketIo,
        user: Option<&User>,
        until: Instant,
    ) -> Result<ServiceSocket, Lost> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let urls = &self.service.urls;
        let first = NEXT.fetch_add(1, Ordering::Relaxed) % urls.len().max(1);
        let (before, from) = urls.split_at(first);
        let mut last = Lost::Closed;
        for base in from.iter().chain(before) {
            let target = Target {
                base,
                path: &socket_io.path,
                headers: identity::headers(&self.service.claims, user),
                connect_within: self.service.limits.connect,
                until,
                max_bytes: self.service.limits.max_packet_bytes,
            };
            match ServiceSocket::connect(&self.client.relay.connector, target).await {
                Ok(socket) => return Ok(socket),
                Err(lost) => last = lost,
            }
        }
        Err(last)
    }

    /// Sends CONNECT and waits for the answer: the payload for the client. A service that recovers a session first
    /// sends what the client missed; the client keeps that until it is connected.
    async fn join(
        &self,
        socket: &mut ServiceSocket,
        auth: Auth,
        user: Option<&User>,
        place: &Place,
    ) -> Result<String, Refusal> {
        let account = user.map(|user| user.account.to_string()).unwrap_or_default();
        let relay = &self.client.relay;
        let seal = Seal { pids: &relay.pids, namespace: &self.client.namespace, user: &account };
        let auth = auth.for_service(&self.service.claims, user, seal);
        let connect = packet::write("4", Kind::Connect, &self.service_namespace, &auth);
        socket.send(connect, Vec::new(), relay.settings.slow_after).await?;
        let mut partial = None;
        loop {
            let received = socket.receive().await?;
            match self.take(received, &mut partial, &place.down).await {
                Ok(None) => {}
                Ok(Some(Special::Connect(payload))) => return Ok(seal.confirm(&payload).into_owned()),
                Ok(Some(Special::ConnectError(payload))) => return Err(Refusal::Service(payload)),
                Ok(Some(Special::Disconnect)) | Err(End::ServiceFault) => return Err(Lost::Fault.into()),
                Err(end) => return Err(Refusal::Ended(end)),
            }
        }
    }
}
