//! Behaviour of the whole, one module each; every module opens with what belongs there.

mod rooms;
