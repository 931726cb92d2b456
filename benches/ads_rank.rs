//! The ranking of ads: (person, ad) pairs per second at three sizes, conditions, caps and hiding included.

mod common {
    pub(crate) mod everybody;
}

use std::hint::black_box;

use acquaint::ads::{
    AdsParams, FtrlParams, Guard, HiddenBy, TrainingRow, UserProfile, rank_ads, train,
};
use acquaint::synth::{SynthParams, world};
use common::everybody::everybody;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn ranking(c: &mut Criterion) {
    let mut group = c.benchmark_group("ads/rank");
    group.sample_size(10);
    for users in [1_000_u32, 5_000, 20_000] {
        let params = SynthParams::default()
            .users(users)
            .impressions_per_user(5.0);
        let world = world(&params.check().expect("in range"));
        let gate = everybody(world.social_accounts.iter().map(|row| row.user_id));
        let profiles: Vec<_> = world
            .social_accounts
            .iter()
            .filter_map(|row| gate.permit(UserProfile::new(row, 2016)).ok())
            .collect();
        let rows = world.impressions.iter();
        let rows: Vec<_> = rows
            .filter_map(|row| gate.permit(TrainingRow::new(row, None)).ok())
            .collect();
        let hidden = world.ad_feedback.iter();
        let hidden: Vec<_> = hidden
            .filter_map(|row| gate.permit(HiddenBy::from(row)).ok())
            .collect();
        let params = AdsParams {
            ftrl: FtrlParams::default().epochs(1),
            ..AdsParams::default()
        };
        let params = params.check().expect("in range");
        let (model, _) = train(&rows, &world.ads, &params).expect("rows fit");
        let guard = Guard::new(world.as_of, params.policy())
            .with_hidden(&hidden)
            .with_showings(&rows, &world.ads);
        let pairs = profiles.len() as u64 * world.ads.len() as u64;
        group.throughput(Throughput::Elements(pairs));
        let name = format!("{} ads", world.ads.len());
        group.bench_function(BenchmarkId::new(name, users), |b| {
            b.iter(|| {
                rank_ads(
                    black_box(&profiles),
                    &world.ads,
                    &model,
                    &guard,
                    &params,
                    &|_| (),
                )
                .unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ranking);
criterion_main!(benches);
