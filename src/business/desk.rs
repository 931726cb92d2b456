//! The desk at which every verdict is made, of all pairs or of one.

use super::eligibility::{BusinessGates, Reach, Ruling, Signals};
use super::history::{Counts, Standing};
use super::pairs::Pair;
use super::sender::Sender;
use super::verdict::{BusinessAt, Judge, Message, PairAt, PersonAt, Verdict, asked_place};
use crate::consent::{About, DenialReason, For, Gate};
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId, TemplateId};
use crate::signals::{Business, BusinessEvent, BusinessEventKind, MessageKind};
use crate::time::Timestamp;

/// An account as the gate is asked about it, with the time of the act that would justify a message.
pub(super) struct Contacted {
    pub(super) account: AccountId,
    pub(super) at: Timestamp,
}

impl About for Contacted {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// Why a pair has no row.
pub(super) enum Dropped {
    Denied(DenialReason),
    UnknownBusiness,
    NotYet,
}

/// Everything a verdict depends on besides the pair.
pub(super) struct Desk<'a> {
    signals: &'a Signals<'a>,
    gates: BusinessGates<'a>,
    judge: Judge<'a>,
    businesses: HashMap<BusinessId, Senders>,
    service: Counts,
    marketing: Counts,
}

/// A business, as either purpose counts.
struct Senders {
    service: SenderAt,
    marketing: SenderAt,
}

/// A business, as one purpose counts.
struct SenderAt {
    business: BusinessAt,
    whose: Sender,
    spam: Option<f64>,
}

/// What verdicts for one purpose depend on.
struct Side<'d> {
    sender: &'d SenderAt,
    person: PersonAt,
    between: PairAt,
    denial: Option<DenialReason>,
}

/// Both sides of a pair.
struct Sides<'d> {
    service: Side<'d>,
    marketing: Side<'d>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        signals: &'a Signals<'a>,
        gates: BusinessGates<'a>,
        ruling: Ruling<'a>,
    ) -> Self {
        let rules = ruling.book.at(ruling.as_of);
        let by_id = by_id(signals.businesses);
        let params = ruling.params;
        let (service, marketing) = rayon::join(
            || Counts::new(signals, &by_id, gates.service, &rules, params),
            || Counts::new(signals, &by_id, gates.marketing, &rules, params),
        );
        let senders = |(id, business): (BusinessId, &Business)| {
            let sender = |counts: &Counts, spam: &HashMap<BusinessId, f64>| {
                let standing = counts.standing(id);
                SenderAt::of(business, standing, signals, spam, ruling.as_of)
            };
            let senders = Senders {
                service: sender(&service, signals.service_spam),
                marketing: sender(&marketing, signals.marketing_spam),
            };
            (id, senders)
        };
        Self {
            businesses: by_id.into_iter().map(senders).collect(),
            judge: Judge::new(rules, params),
            service,
            marketing,
            signals,
            gates,
        }
    }

    /// The verdicts on every kind of message, from no template.
    pub(super) fn of(&self, pair: &Pair) -> Result<Reach, Dropped> {
        let sides = self.sides(pair)?;
        let verdict = |kind| self.verdict(sides.of(kind), kind, None);
        Ok(Reach {
            business: pair.business,
            account: pair.account,
            service: verdict(MessageKind::Service),
            utility: verdict(MessageKind::Utility),
            authentication: verdict(MessageKind::Authentication),
            marketing: verdict(MessageKind::Marketing),
        })
    }

    /// The verdict on one message.
    pub(super) fn asked(
        &self,
        pair: &Pair,
        kind: MessageKind,
        template: Option<TemplateId>,
    ) -> Option<Verdict> {
        let sides = self.sides(pair).ok()?;
        let paused = template.map(|one| paused(self.signals.events, one));
        Some(self.verdict(sides.of(kind), kind, paused.as_deref()))
    }

    /// Consent comes first: nothing else is said about somebody who allows neither.
    fn sides(&self, pair: &Pair) -> Result<Sides<'_>, Dropped> {
        let seen_at = pair.seen_at.ok_or(Dropped::NotYet)?;
        let asked_at = pair.at.asked_at[asked_place(MessageKind::Marketing)];
        let account = pair.account;
        let wrote_at = pair.at.wrote_at.unwrap_or(seen_at);
        let service = denial(self.gates.service, account, wrote_at);
        let marketing = denial(self.gates.marketing, account, asked_at.unwrap_or(seen_at));
        if let (Some(a), Some(b)) = (service, marketing) {
            return Err(Dropped::Denied(a.min(b)));
        }
        let senders = self.businesses.get(&pair.business);
        let senders = senders.ok_or(Dropped::UnknownBusiness)?;
        let side = |sender, counts, denial| self.side(pair, sender, counts, denial);
        Ok(Sides {
            service: side(&senders.service, &self.service, service),
            marketing: side(&senders.marketing, &self.marketing, marketing),
        })
    }

    /// A pair, from what may be counted for a purpose.
    fn side<'d>(
        &self,
        pair: &Pair,
        sender: &'d SenderAt,
        counts: &Counts,
        denial: Option<DenialReason>,
    ) -> Side<'d> {
        Side {
            sender,
            denial,
            person: PersonAt {
                region: self.signals.regions.get(&pair.account).copied(),
                marketing: counts.marketing(pair.account),
            },
            between: PairAt {
                reply_until: counts.reply_until(pair.business, pair.account),
                is_started: counts.is_started(sender.whose, pair.account),
                ..pair.at
            },
        }
    }

    fn verdict(
        &self,
        side: &Side<'_>,
        kind: MessageKind,
        template: Option<&[Timestamp]>,
    ) -> Verdict {
        let message = Message {
            kind,
            denial: side.denial,
            spam: side.sender.spam,
            template,
        };
        let sender = &side.sender.business;
        self.judge
            .verdict(message, sender, &side.person, &side.between)
    }
}

impl SenderAt {
    fn of(
        business: &Business,
        standing: Standing,
        signals: &Signals<'_>,
        spam: &HashMap<BusinessId, f64>,
        as_of: Timestamp,
    ) -> Self {
        let id = business.business_id;
        Self {
            business: BusinessAt {
                is_verified: business.verified_at.is_some_and(|at| at <= as_of),
                region: signals.business_regions.get(&id).copied(),
                started: standing.started,
                limit: standing.limit,
            },
            whose: standing.whose,
            spam: spam.get(&id).copied(),
        }
    }
}

impl<'d> Sides<'d> {
    /// The side of a kind of message.
    const fn of(&self, kind: MessageKind) -> &Side<'d> {
        match kind {
            MessageKind::Marketing => &self.marketing,
            MessageKind::Service | MessageKind::Utility | MessageKind::Authentication => {
                &self.service
            }
        }
    }
}

fn denial<P: For>(
    gate: &Gate<P, AccountId>,
    account: AccountId,
    at: Timestamp,
) -> Option<DenialReason> {
    gate.permit(Contacted { account, at }).err()
}

/// When a template was paused, ascending.
fn paused(events: &[BusinessEvent], template: TemplateId) -> Vec<Timestamp> {
    let of_it = BusinessEventKind::TemplatePaused { template };
    let rows = events.iter().filter(|row| row.what == of_it);
    let mut paused: Vec<Timestamp> = rows.map(|row| row.at).collect();
    paused.sort_unstable();
    paused.dedup();
    paused
}

/// Of several rows for one business the first in their order counts, whatever order they came in.
pub(super) fn by_id(businesses: &[Business]) -> HashMap<BusinessId, &Business> {
    let mut by_id: HashMap<BusinessId, &Business> = HashMap::default();
    for business in businesses {
        let held = by_id.entry(business.business_id).or_insert(business);
        *held = (*held).min(business);
    }
    by_id
}
