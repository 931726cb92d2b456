//! Behaviour of the whole, one module each; every module opens with what belongs there.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod command_line;
mod durability;
mod erasure;
mod influence;
mod ledger_run;
mod real_graphs;
mod recall;
mod rooms;
mod runs;
