//! Honest people who report the same accounts within the same minutes, because a farm wrote to all of them at once: what
//! they do looks like a brigade, but for whom they report.

use rand::Rng;

use super::Plot;
use crate::ids::AccountId;
use crate::synth::calendar::AS_OF;
use crate::synth::draw::{Topic, between, chance, pick, stream};
use crate::time::Timestamp;

impl Plot<'_> {
    /// Half of all farms wrote to a group of people, who reported those that wrote.
    pub(super) fn witnesses(&mut self) {
        let mut rng = stream(self.seed, Topic::Witnesses);
        for farm in std::mem::take(&mut self.farms) {
            if chance(&mut rng, 0.5) {
                continue;
            }
            let n_people = rng.gen_range(3..8);
            let people: Vec<AccountId> = (0..n_people)
                .map(|_| pick(&mut rng, &self.people).id)
                .collect();
            let hour = between(&mut rng, AS_OF.plus_days(-14), AS_OF.plus_days(-2));
            let n_wrote = rng.gen_range(3..7);
            for account in farm.into_iter().take(n_wrote) {
                for &person in &people {
                    let minutes: i64 = rng.gen_range(0..20);
                    let at = Timestamp::from_micros(hour.micros() + minutes * 60_000_000);
                    if chance(&mut rng, 0.9) {
                        self.report(person, account, at);
                    }
                }
            }
            self.added.witnesses.extend(people);
        }
    }
}
