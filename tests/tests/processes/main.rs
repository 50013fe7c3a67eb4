//! Whole worlds of real processes. They are modules of one program because they mostly wait: cargo runs the tests of one
//! program side by side, and one program after another. Browsers and faults are in `tests/tests/realms/`, which take long.

mod coming_back;
mod compose;
mod fleet;
mod reload;
mod replay;
mod soak;
mod start_dev;
mod three_processes;
mod tickets;

realmgate_services::reaper!();
