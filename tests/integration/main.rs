//! Behaviour of the whole, one module each; every module opens with what belongs there.

#[path = "../support/mod.rs"]
mod support;

mod ad_model;
mod ads_policy;
mod allocation;
mod artefacts;
mod bad_input;
mod book_repeats;
mod cases;
mod click_tables;
mod clock;
mod command_line;
mod consent_rules;
mod contests;
mod damage;
mod durability;
mod edge_lists;
mod enumeration;
mod erasure;
mod fail_closed;
mod friend_model;
mod guards;
mod influence;
mod intersection;
mod ledger_keys;
mod ledger_run;
mod links;
mod moments;
mod names;
mod number_book;
mod numbers;
mod one_desk;
mod placeholders;
mod policy_matrix;
mod real_graphs;
mod recall;
mod rooms;
mod runs;
mod safety;
mod shadow;
mod telling;
mod topics;
mod typed_numbers;
mod unknown;
mod ways_in;
