//! The contract with clients and operators, over real sockets against the real binaries: each row at least once for
//! success and once for each error.
//!
//! What clients can tell apart is tested on every [`backend`]: SQLite, PostgreSQL with Redis, and two replicas behind a
//! balancer. The command lines, and what a process does to its machine, are tested once.
//!
//! One program for all of it, so that it is linked once and its tests share two servers for each backend; a test whose
//! settings differ starts its own.

mod abuse;
mod accounts;
mod backend;
mod balancer;
mod characters;
mod command_line;
mod community;
mod community_figures;
mod directory;
mod ending;
mod enter_world;
mod figures;
mod gateway;
mod gateway_refusals;
mod limits;
mod operation;
mod outage;
mod postgres;
mod renet;
mod replicas;
mod secrets;
mod servers;
mod sidecar_verbs;
mod sidecars;
mod social;
mod start_server;
mod tls;
mod world;

realmgate_services::reaper!();
