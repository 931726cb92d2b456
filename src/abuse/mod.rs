//! Abuse: how much an account looks like a spammer's.
