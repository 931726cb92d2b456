//! How a run tells its caller what it is doing. The library draws nothing and reads no clock.

/// Told about every stage of a run as it happens.
pub trait Progress: Sync {
    /// A stage begins; `total` is how much there is to do, if that is known.
    fn begin(&self, stage: &'static str, total: Option<u64>);

    /// Some more of the current stage is done. Called from any thread.
    fn advance(&self, n: u64);

    /// Something that somebody should know and that is no part of the result, such as what a killed run had left.
    fn note(&self, _text: &str) {}

    /// What the run has taken so far, as a JSON object that says its `schema`; it is written beside the outputs, as `timings.json`.
    /// None, and no such file, of a caller that keeps no time.
    fn timings(&self) -> Option<serde_json::Value> {
        None
    }
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &'static str, _total: Option<u64>) {}

    fn advance(&self, _n: u64) {}
}
