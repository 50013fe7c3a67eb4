//! Breaks parts of a realm, and mends them.

use std::fs;

use rustix::process::Signal;

use super::fault::{CLOCK_SET_BY_MS, Fault, Hop, LATE_BY, Trouble};
use super::realm::{Realm, postgres_is_back};
use super::schedule::Strike;
use crate::home::Home;
use crate::proxy::{Mode, Proxy};

impl Realm {
    /// The map server that a strike is for: one of those where somebody plays.
    pub async fn struck_map(&self, strike: &Strike) -> usize {
        let mut played = Vec::new();
        for number in 0..self.maps.len() {
            if self.players_on(number).await > 0 {
                played.push(number);
            }
        }
        played.get(strike.which % played.len().max(1)).copied().unwrap_or(0)
    }

    /// Breaks what the strike says. What is over at once is no matter of this.
    ///
    /// # Panics
    /// When a part that is to fail is not there.
    pub async fn strike(&mut self, strike: &Strike, map: usize) {
        let replica = strike.which % self.replicas.len();
        match strike.fault {
            Fault::KillMap => self.kill_map(map),
            Fault::KillReplica => self.kill_replica(replica),
            Fault::KillBoth => {
                self.kill_map(map);
                self.kill_replica(replica);
            }
            Fault::FreezeMap => self.signal_map(map, Signal::STOP),
            Fault::FreezeReplica => self.signal_replica(replica, Signal::STOP),
            Fault::EmptyRedis => self.redis.as_mut().expect("there is a Redis").kill().await,
            Fault::StopPostgres => self.postgres.as_mut().expect("there is a PostgreSQL").stop_fast().await,
            Fault::KillPostgres => self.postgres.as_mut().expect("there is a PostgreSQL").kill().await,
            Fault::FillDisk => {
                let disk = self.postgres.as_ref().and_then(|postgres| postgres.disk());
                disk.expect("there is a small disk").fill();
            }
            Fault::Hop(hop, trouble) => self.set_hops(hop, strike, mode(trouble)),
            Fault::ReplicaClockForward => set_clock(&self.replicas[replica].home, CLOCK_SET_BY_MS),
            Fault::ReplicaClockBack => set_clock(&self.replicas[replica].home, -CLOCK_SET_BY_MS),
            Fault::MapClockForward => self.restart_map_at(map, CLOCK_SET_BY_MS).await,
            Fault::MapClockBack => self.restart_map_at(map, -CLOCK_SET_BY_MS).await,
            Fault::TicketTwice | Fault::TicketFromTwo | Fault::TicketExpired | Fault::SameAccountTwice => {}
        }
    }

    /// Mends it, and waits until the part itself says that it is back.
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn mend(&mut self, strike: &Strike, map: usize) {
        let replica = strike.which % self.replicas.len();
        match strike.fault {
            Fault::KillMap => self.start_map(map).await,
            Fault::KillReplica => self.start_replica(replica).await,
            Fault::KillBoth => {
                self.start_replica(replica).await;
                self.start_map(map).await;
            }
            Fault::FreezeMap => self.signal_map(map, Signal::CONT),
            Fault::FreezeReplica => self.signal_replica(replica, Signal::CONT),
            Fault::EmptyRedis => self.redis.as_mut().expect("there is a Redis").start_again().await,
            Fault::StopPostgres | Fault::KillPostgres => {
                self.postgres.as_mut().expect("there is a PostgreSQL").start_again().await;
            }
            Fault::FillDisk => self.make_room().await,
            Fault::Hop(hop, _) => self.set_hops(hop, strike, Mode::Pass),
            Fault::ReplicaClockForward | Fault::ReplicaClockBack => set_clock(&self.replicas[replica].home, 0),
            Fault::MapClockForward | Fault::MapClockBack => self.restart_map_at(map, 0).await,
            Fault::TicketTwice | Fault::TicketFromTwo | Fault::TicketExpired | Fault::SameAccountTwice => {}
        }
    }

    async fn make_room(&mut self) {
        let postgres = self.postgres.as_mut().expect("there is a PostgreSQL");
        postgres.disk().expect("there is a small disk").make_room();
        // It may have given up, and somebody has to start it.
        if !postgres_is_back(postgres).await {
            postgres.start_again().await;
        }
    }

    async fn restart_map_at(&mut self, number: usize, offset_ms: i64) {
        set_clock(&self.maps[number].settings.home, offset_ms);
        self.kill_map(number);
        self.start_map(number).await;
    }

    fn signal_map(&self, number: usize, signal: Signal) {
        self.maps[number].process.as_ref().expect("it runs").process.signal(signal);
    }

    fn signal_replica(&self, number: usize, signal: Signal) {
        self.replicas[number].process.as_ref().expect("it runs").process.signal(signal);
    }

    fn set_hops(&self, hop: Hop, strike: &Strike, mode: Mode) {
        let replicas = self.replicas.iter();
        let hops: Vec<&Proxy> = match hop {
            Hop::MapToSidecar => self.maps.iter().map(|map| &map.to_sidecar).collect(),
            Hop::SidecarToPostgres => replicas.filter_map(|replica| replica.to_postgres.as_ref()).collect(),
            Hop::SidecarToRedis => replicas.filter_map(|replica| replica.to_redis.as_ref()).collect(),
            // Both are one way for a player.
            Hop::ClientToGateway => {
                self.api.set(mode);
                self.gateway.set(mode);
                return;
            }
        };
        let count = hops.len();
        let struck = |(number, _): &(usize, &Proxy)| strike.all || *number == strike.which % count;
        hops.into_iter().enumerate().filter(struck).for_each(|(_, hop)| hop.set(mode));
    }
}

fn mode(trouble: Trouble) -> Mode {
    match trouble {
        Trouble::Cut => Mode::Cut,
        Trouble::Late => Mode::Delay(LATE_BY),
        Trouble::HalfOpen => Mode::HalfOpen,
    }
}

/// Sets the clock of the process of a home: how far it is off, in milliseconds.
fn set_clock(home: &Home, offset_ms: i64) {
    let (new, path) = (home.path("clock.new"), home.path("clock"));
    // Renamed into place: whoever reads it finds a whole number.
    fs::write(&new, offset_ms.to_string()).expect("the home is there");
    fs::rename(new, path).expect("the home is there");
}
