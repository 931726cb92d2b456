//! A whole run: tables in, published directory out; people per second by size of the world.

use std::fs;
use std::path::Path;

use acquaint::engine::{self, GivenModels, RunParams, RunRequest, Silent, Times};
use acquaint::signals::{TableForm, write_table};
use acquaint::synth::{SynthParams, World, world};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn write(dir: &Path, world: &World) {
    fs::create_dir_all(dir).expect("a temporary directory can be made");
    let form = TableForm::Parquet;
    write_table(dir, form, &world.messenger_accounts).expect("written");
    write_table(dir, form, &world.address_book).expect("written");
    write_table(dir, form, &world.social_accounts).expect("written");
    write_table(dir, form, &world.friendships).expect("written");
    write_table(dir, form, &world.consent_events).expect("written");
    write_table(dir, form, &world.policy_versions).expect("written");
    write_table(dir, form, &world.overlays).expect("written");
    write_table(dir, form, &world.ads).expect("written");
    write_table(dir, form, &world.impressions).expect("written");
}

fn run(c: &mut Criterion) {
    let params = RunParams::default()
        .check()
        .expect("the defaults are valid");
    let mut group = c.benchmark_group("run");
    group.sample_size(10);
    for users in [300, 3_000, 30_000] {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let size = SynthParams::default()
            .users(users)
            .impressions_per_user(5.0)
            .check()
            .expect("valid");
        let world = world(&size);
        write(&dir.path().join("signals"), &world);
        let (signals, out) = (dir.path().join("signals"), dir.path().join("out"));
        let request = RunRequest {
            signals: &signals,
            ledger: None,
            out: &out,
            params: &params,
            times: Times::at(world.as_of),
            published_known: None,
            models: GivenModels::default(),
            reads: &[],
        };
        group.throughput(Throughput::Elements(u64::from(users)));
        group.bench_function(BenchmarkId::new("people", users), |b| {
            b.iter(|| {
                engine::run(&request, &|_| Ok(String::new()), &Silent).expect("the world is whole")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, run);
criterion_main!(benches);
