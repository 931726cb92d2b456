//! Digests of a ledger and of a snapshot: BLAKE3 over an encoding in which no two contents look alike.
//!
//! Every number is little-endian and of fixed width, every list and text is preceded by its length, and
//! every alternative by a tag. Tags are never reused, so a digest stays comparable between releases.

use blake3::{Hash, Hasher};

use super::event::{EventKind, Overlay, OverlayEffect, PolicyVersion, Subject};
use super::gate::Decision;
use super::ledger::{Entry, What};
use super::params::{AsOf, LateOptOut, Profile, ValidConsentParams};
use super::snapshot::AccountStatus;
use crate::ids::NumberToken;
use crate::time::Timestamp;

/// The digest of a ledger's contents, given sorted.
pub(in crate::consent) fn of_ledger(
    versions: &[PolicyVersion],
    overlays: &[Overlay],
    entries: &[Entry],
) -> Hash {
    let mut writer = Writer::new("acquaint consent ledger 1");
    writer.list(versions, Writer::version);
    writer.list(overlays, Writer::overlay);
    // Contradictions follow from the events; counting the events alone keeps the encoding primary.
    let happened = entries.iter().filter(|entry| entry.what.happened());
    writer.u64(happened.clone().count() as u64);
    happened.for_each(|entry| writer.entry(entry));
    writer.0.finalize()
}

/// The digest of a snapshot: what was asked, and every answer.
pub(in crate::consent) fn of_snapshot(
    as_of: AsOf,
    params: ValidConsentParams,
    statuses: &[AccountStatus],
    objected: &[NumberToken],
) -> Hash {
    let mut writer = Writer::new("acquaint consent snapshot 1");
    writer.time(as_of.valid);
    writer.time(as_of.known);
    writer.params(params);
    writer.list(statuses, Writer::status);
    writer.list(objected, |writer, token| writer.u128(token.expose()));
    writer.0.finalize()
}

struct Writer(Hasher);

impl Writer {
    fn new(context: &'static str) -> Self {
        Self(Hasher::new_derive_key(context))
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn tag(&mut self, tag: u8) {
        self.bytes(&[tag]);
    }

    fn u64(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn u128(&mut self, number: u128) {
        self.bytes(&number.to_le_bytes());
    }

    fn time(&mut self, at: Timestamp) {
        self.bytes(&at.micros().to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.u64(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }

    fn version(&mut self, version: &PolicyVersion) {
        self.u64(version.policy.0.into());
        self.time(version.announced_at);
        self.time(version.accept_by);
        self.u64(version.window_days.into());
        self.time(version.cohort_cut);
        self.list(&version.texts, |writer, (locale, digest)| {
            writer.text(locale);
            writer.bytes(&digest.0);
        });
    }

    fn overlay(&mut self, overlay: &Overlay) {
        self.text(overlay.region.as_str());
        self.tag(overlay.purpose as u8);
        self.time(overlay.interval.from);
        self.time(overlay.interval.until);
        match overlay.effect {
            OverlayEffect::Deny => self.tag(0),
            OverlayEffect::CutOff(since) => {
                self.tag(1);
                self.time(since);
            }
            OverlayEffect::Express(express) => {
                self.tag(2);
                self.time(express.since);
                self.tag(express.unnamed as u8);
            }
        }
    }

    fn entry(&mut self, entry: &Entry) {
        self.subject(entry.subject);
        self.time(entry.valid_time);
        self.time(entry.known_time);
        self.u64(entry.event_id.0);
        if let What::Happened(kind) = &entry.what {
            self.kind(kind);
        }
    }

    fn subject(&mut self, subject: Subject) {
        match subject {
            Subject::Account(account) => {
                self.tag(0);
                self.u64(account.0);
            }
            Subject::NonUser(token) => {
                self.tag(1);
                self.u128(token.expose());
            }
            Subject::Device(device) => {
                self.tag(2);
                self.u128(device.bits());
            }
        }
    }

    fn kind(&mut self, kind: &EventKind) {
        self.text(kind.as_str());
        match *kind {
            EventKind::NoticeServed { policy, digest } => {
                self.u64(policy.0.into());
                self.bytes(&digest.0);
            }
            EventKind::Accept { share } => self.tag(share.into()),
            EventKind::Grant { purpose, asked } => {
                self.tag(purpose as u8);
                self.tag(asked.into());
            }
            EventKind::GrantAds { level, asked } => {
                self.tag(super::purpose::Purpose::AdRelevance as u8);
                self.tag(asked.into());
                self.tag(level as u8);
            }
            EventKind::Withdraw { purpose } => self.tag(purpose as u8),
            EventKind::Defer
            | EventKind::Register
            | EventKind::OptOut
            | EventKind::Signal
            | EventKind::NumberChange
            | EventKind::Recycled
            | EventKind::Delete
            | EventKind::NonUserObjects
            | EventKind::NonUserJoins => {}
        }
    }

    fn params(&mut self, params: ValidConsentParams) {
        self.tag(match params.profile() {
            Profile::NoticeAndOptOut => 0,
            Profile::OptIn => 1,
        });
        self.tag(params.hold_until_window_end().into());
        self.tag(match params.late_opt_out() {
            LateOptOut::Honour => 0,
            LateOptOut::RecordOnly => 1,
        });
    }

    fn status(&mut self, status: &AccountStatus) {
        self.u64(status.account().0);
        self.text(status.state().as_str());
        self.text(status.underneath().as_str());
        self.tag(status.opted_out_ever().into());
        for decision in status.decisions() {
            self.decision(*decision);
        }
    }

    fn decision(&mut self, decision: Decision) {
        match decision {
            Decision::Allowed { since } => {
                self.tag(0);
                self.time(since);
            }
            Decision::Denied(reason) => {
                self.tag(1);
                self.text(reason.as_str());
            }
        }
    }
}
