//! Ways past the gate that do not compile, each beside a twin that does and differs in one line.
//!
//! A mark is made by the gate:
//!
//! ```
//! use acquaint::consent::{FriendSuggestions, Gate, Permitted};
//! use acquaint::ids::UserId;
//!
//! fn mark(gate: &Gate<FriendSuggestions, UserId>, user: UserId) -> Option<Permitted<UserId, FriendSuggestions>> {
//!     gate.permit(user).ok()
//! }
//! ```
//!
//! and by nobody else:
//!
//! ```compile_fail,E0451
//! use acquaint::consent::{FriendSuggestions, Gate, Permitted};
//! use acquaint::ids::UserId;
//!
//! fn mark(gate: &Gate<FriendSuggestions, UserId>, user: UserId) -> Option<Permitted<UserId, FriendSuggestions>> {
//!     Some(Permitted { datum: user, purpose: std::marker::PhantomData })
//! }
//! ```
//!
//! What was permitted for friend suggestions is good for friend suggestions:
//!
//! ```
//! use acquaint::consent::{Abuse, FriendSuggestions, Permitted};
//! use acquaint::ids::UserId;
//!
//! fn suggest(_: Permitted<UserId, FriendSuggestions>) {}
//! fn pass(permitted: Permitted<UserId, FriendSuggestions>) {
//!     suggest(permitted);
//! }
//! ```
//!
//! and what was permitted for fighting abuse is not:
//!
//! ```compile_fail,E0308
//! use acquaint::consent::{Abuse, FriendSuggestions, Permitted};
//! use acquaint::ids::UserId;
//!
//! fn suggest(_: Permitted<UserId, FriendSuggestions>) {}
//! fn pass(permitted: Permitted<UserId, Abuse>) {
//!     suggest(permitted);
//! }
//! ```
//!
//! A gate comes from a snapshot:
//!
//! ```
//! use acquaint::consent::{Abuse, Gate, Snapshot};
//! use acquaint::ids::AccountId;
//!
//! fn open(snapshot: &Snapshot) -> Gate<Abuse, AccountId> {
//!     snapshot.accounts()
//! }
//! ```
//!
//! and cannot be made to measure:
//!
//! ```compile_fail,E0624
//! use acquaint::consent::{Abuse, Gate, Snapshot};
//! use acquaint::ids::AccountId;
//!
//! fn open(snapshot: &Snapshot) -> Gate<Abuse, AccountId> {
//!     Gate::new([(AccountId(1), acquaint::consent::Decision::ALLOWED)])
//! }
//! ```
//!
//! A purpose is one of those there are:
//!
//! ```
//! use acquaint::consent::{Abuse, For};
//!
//! fn purposes<P: For>() {}
//! fn ask() {
//!     purposes::<Abuse>();
//! }
//! ```
//!
//! and nobody adds one of their own:
//!
//! ```compile_fail,E0277
//! use acquaint::consent::{Abuse, For};
//!
//! fn purposes<P: For>() {}
//! fn ask() {
//!     purposes::<()>();
//! }
//! ```
