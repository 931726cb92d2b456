//! Behaviour of the whole, one module each.
