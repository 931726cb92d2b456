//! Engine: one run, from signals to scores.
