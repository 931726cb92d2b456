//! Explain: one business and one account, and what every rule says of a message.

use serde::Serialize;

use crate::business::{Answer, AskedMessage, Check, RuleName, Verdict};
use crate::consent::Purpose;
use crate::engine::business::order::OrderExplained;
use crate::engine::business::{Verdicts, shipped};
use crate::engine::world::World;
use crate::ids::{AccountId, BusinessId, TemplateId};
use crate::signals::MessageKind;
use crate::time::Timestamp;

/// May a business write to an account, and why?
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusinessExplained {
    /// Who wants to write.
    pub business: BusinessId,
    /// To whom.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// Does any table know the business?
    pub is_known: bool,
    /// Where the business stands among those that matter to the account, for each purpose in whose order it is.
    pub orders: Vec<OrderExplained>,
    /// A verdict for each kind of message; none if there is nothing between the two, or the account allows neither purpose.
    pub kinds: Vec<KindExplained>,
}

/// The verdict on a kind of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindExplained {
    /// Which.
    pub kind: MessageKind,
    /// May it be sent?
    pub allowed: bool,
    /// Every check that spoke, in order.
    pub checks: Vec<CheckExplained>,
}

/// What a check found, and the rule it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckExplained {
    /// Which.
    pub check: Check,
    /// Whether it allows; none if no rule is known for the instant.
    pub allows: Option<bool>,
    /// What it found, such as `window_over`, or `no_rule_known`.
    pub says: &'static str,
    /// The rule of the messenger it is about, if it is about one.
    pub rule: Option<RuleName>,
    /// What that rule was then; none if nothing is known of it for the instant.
    pub known: Option<RuleExplained>,
}

/// A rule, as it was at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleExplained {
    /// What to call it.
    pub title: &'static str,
    /// Since when it says that.
    pub from: Timestamp,
    /// Until when, if that is known.
    pub until: Option<Timestamp>,
    /// The day on which it was read.
    pub read: &'static str,
    /// Where.
    pub sources: &'static [String],
}

impl Verdicts {
    /// Explains messages of some kinds, made from a template if from one.
    pub(in crate::engine) fn explain(
        &self,
        world: &World,
        (business, account): (BusinessId, AccountId),
        kinds: &[MessageKind],
        template: Option<TemplateId>,
    ) -> BusinessExplained {
        let at = world.standing.as_of.valid;
        let messages = MessageKind::ALL.map(|kind| AskedMessage {
            business,
            account,
            kind,
            template: template.filter(|_| kind != MessageKind::Service),
        });
        let all = MessageKind::ALL
            .into_iter()
            .zip(self.verdicts(world, messages));
        let asked = all.filter(|(kind, _)| kinds.contains(kind));
        BusinessExplained {
            business,
            account,
            at,
            is_known: is_known(world, business),
            orders: self.orders_with(business, account, kinds),
            kinds: asked
                .filter_map(|(kind, verdict)| Some(explained(kind, &verdict?, at)))
                .collect(),
        }
    }
}

impl Verdicts {
    /// Of the purposes that some kinds of messages are for.
    fn orders_with(
        &self,
        business: BusinessId,
        account: AccountId,
        kinds: &[MessageKind],
    ) -> Vec<OrderExplained> {
        let is_asked = |marketing: bool| {
            let mut kinds = kinds.iter();
            kinds.any(|kind| (*kind == MessageKind::Marketing) == marketing)
        };
        let service = is_asked(false).then_some(Purpose::BusinessService);
        let marketing = is_asked(true).then_some(Purpose::BusinessMarketing);
        let purposes = service.into_iter().chain(marketing);
        let of = |purpose| OrderExplained::of(purpose, self.order_of(account, purpose), business);
        purposes.filter_map(of).collect()
    }
}

impl BusinessExplained {
    pub(in crate::engine) fn nothing(
        world: &World,
        business: BusinessId,
        account: AccountId,
    ) -> Self {
        Self {
            business,
            account,
            at: world.standing.as_of.valid,
            is_known: is_known(world, business),
            orders: Vec::new(),
            kinds: Vec::new(),
        }
    }
}

fn is_known(world: &World, business: BusinessId) -> bool {
    let rows = world.inputs.businesses.rows();
    rows.iter().any(|one| one.business_id == business)
}

fn explained(kind: MessageKind, verdict: &Verdict, at: Timestamp) -> KindExplained {
    let check = |(check, answer): (Check, Answer)| CheckExplained {
        check,
        allows: match answer {
            Answer::Says(reason) => Some(reason.allows()),
            Answer::NotAsked | Answer::NoRuleKnown => None,
        },
        says: match answer {
            Answer::Says(reason) => reason.as_str(),
            Answer::NotAsked | Answer::NoRuleKnown => "no_rule_known",
        },
        rule: check.rule(),
        known: check.rule().and_then(|rule| rule_then(rule, at)),
    };
    KindExplained {
        kind,
        allowed: verdict.allowed,
        checks: verdict.spoke().map(check).collect(),
    }
}

fn rule_then(rule: RuleName, at: Timestamp) -> Option<RuleExplained> {
    let known = shipped().at(at).known(rule)?;
    let until = known.period.interval.until;
    Some(RuleExplained {
        title: &known.rule.title,
        from: known.period.interval.from,
        until: (until != Timestamp::MAX).then_some(until),
        read: &known.rule.read,
        sources: &known.rule.sources,
    })
}
