//! How the records of each table are read and written.

mod advertising;
mod business;
mod consent;
mod messenger;
mod named;
mod policy;
mod social;
