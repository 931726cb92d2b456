//! Consent events as JSON: what may be left out of one that is told as it happens, and how one is written.

use serde_json::{Map, Value, json};

use crate::consent::{Event, EventKind, Purpose, Subject};
use crate::time::Timestamp;

fn is_absent(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).is_none_or(Value::is_null)
}

/// Fills in what may be left out of an event that is told as it happens: it is known now, happened when it became known, and gets an
/// id from what it says, so that the same event twice is one.
pub fn complete_event(object: &mut Map<String, Value>, now: Timestamp) {
    if is_absent(object, "known_time") {
        object.insert("known_time".into(), now.to_string().into());
    }
    if is_absent(object, "valid_time") {
        object.insert("valid_time".into(), object["known_time"].clone());
    }
    if is_absent(object, "event_id") {
        object.insert("event_id".into(), id_of(object).into());
    }
}

/// An id from everything an event says but when it became known; keys are in order, so spelling decides.
fn id_of(object: &Map<String, Value>) -> u64 {
    let mut act = object.clone();
    act.remove("known_time");
    let mut keys: Vec<(&String, &Value)> = act.iter().collect();
    keys.sort_unstable_by_key(|(key, _)| *key);
    let mut hasher = blake3::Hasher::new_derive_key("acquaint consent event id 1");
    for (key, value) in keys {
        let value = value.to_string();
        for text in [key.as_str(), value.as_str()] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    let mut head = [0; 8];
    hasher.finalize_xof().fill(&mut head);
    u64::from_le_bytes(head)
}

/// An event as a line of JSON has it, and as `consent append` reads it. Of a number without an account nothing is told.
#[must_use]
pub fn event_json(event: &Event) -> Value {
    let mut object = json!({
        "event_id": event.event_id,
        "kind": event.kind.as_str(),
        "valid_time": event.valid_time.to_string(),
        "known_time": event.known_time.to_string(),
    });
    match event.subject {
        Subject::Account(account) => object["account_id"] = json!(account),
        Subject::Device(device) => object["device_id"] = json!(device.to_string()),
        Subject::NonUser(_) => {}
    }
    match event.kind {
        EventKind::NoticeServed { policy, digest } => {
            object["policy"] = json!(policy);
            object["text_digest"] = json!(digest.to_string());
        }
        EventKind::Accept { share } => object["share"] = json!(share),
        EventKind::Grant { purpose, asked } => {
            object["purpose"] = json!(purpose.as_str());
            object["asked"] = json!(asked);
        }
        EventKind::GrantAds { level, asked } => {
            object["purpose"] = json!(Purpose::AdRelevance.as_str());
            object["asked"] = json!(asked);
            object["level"] = json!(level.as_str());
        }
        EventKind::Withdraw { purpose } => object["purpose"] = json!(purpose.as_str()),
        _ => {}
    }
    object
}
