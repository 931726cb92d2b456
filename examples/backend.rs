//! The library in a backend: one engine, owned by the service, asked from several threads.
//!
//! `cargo run --release --example backend [SIGNALS]`

use std::error::Error;
use std::sync::RwLock;
use std::thread;

use acquaint::{Engine, EngineError, EngineOptions, UserId};

/// What a backend keeps between requests. The engine owns everything it needs, so it lives beside whatever else is here.
struct Service {
    name: &'static str,
    engine: RwLock<Engine>,
}

impl Service {
    /// One request. The lock is held for as long as it takes to clone a handle.
    fn page(&self, user: UserId) -> Result<String, EngineError> {
        let engine = self.engine.read().expect("no thread panics").clone();
        let friends = engine.suggest(user, 3);
        let ads = engine.ads(user, 2)?;
        let friends: Vec<String> = friends
            .iter()
            .map(|one| one.candidate.to_string())
            .collect();
        let ads: Vec<String> = ads.iter().map(|one| one.ad_id.to_string()).collect();
        let (friends, ads) = (friends.join(", "), ads.join(", "));
        Ok(format!(
            "{}: {user} may know [{friends}] and is shown [{ads}]",
            self.name
        ))
    }

    /// Tomorrow's tables take the place of today's; requests that are under way end on what they began with.
    fn reload(&self, signals: &str) -> Result<(), EngineError> {
        let fresh = Engine::open(signals, &EngineOptions::default())?;
        *self.engine.write().expect("no thread panics") = fresh;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let signals = std::env::args().nth(1);
    let signals = signals.unwrap_or_else(|| "data/quickstart".to_owned());
    let engine = Engine::open(&signals, &EngineOptions::default())?;
    let users: Vec<UserId> = engine.users().iter().copied().take(12).collect();
    let service = Service {
        name: "people you may know",
        engine: RwLock::new(engine),
    };
    thread::scope(|scope| {
        let workers: Vec<_> = users
            .chunks(4)
            .map(|users| scope.spawn(|| pages(&service, users)))
            .collect();
        for worker in workers {
            for page in worker.join().expect("no thread panics")? {
                println!("{page}");
            }
        }
        Ok::<(), EngineError>(())
    })?;
    service.reload(&signals)?;
    Ok(())
}

fn pages(service: &Service, users: &[UserId]) -> Result<Vec<String>, EngineError> {
    users.iter().map(|&user| service.page(user)).collect()
}
