//! libphonenumber and its metadata, which is part of the program: `data/phone`.

use std::sync::LazyLock;

use prost::Message;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumberUtil};

const BYTES: &[u8] = include_bytes!("../../data/phone/metadata.bin");

const METADATA_VERSION: &str = "libphonenumber 9.0.43";

static COLLECTION: LazyLock<PhoneMetadataCollection> = LazyLock::new(|| {
    PhoneMetadataCollection::decode(BYTES)
        .expect("the metadata in data/phone is well formed, as a test shows")
});

/// libphonenumber's rules, on our metadata.
pub(super) static UTIL: LazyLock<PhoneNumberUtil> = LazyLock::new(|| {
    PhoneNumberUtil::new_for_metadata(COLLECTION.clone())
        .expect("the metadata in data/phone names regions that are known, as a test shows")
});

/// Which metadata decides what a valid number is: two versions may disagree, so manifests name it.
#[must_use]
pub const fn metadata_version() -> &'static str {
    METADATA_VERSION
}

/// What the metadata says of a country calling code in one of its regions; `001` is the region of those that are no
/// country's.
pub(super) fn of_region(code: i32, region: &str) -> Option<&'static PhoneMetadata> {
    let is_it = |data: &&PhoneMetadata| data.country_code == Some(code) && data.id == region;
    COLLECTION.metadata.iter().find(is_it)
}

/// What the metadata says of a region that is a country's or a territory's.
pub(super) fn of_home(region: &str) -> Option<&'static PhoneMetadata> {
    COLLECTION.metadata.iter().find(|data| data.id == region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_well_formed() {
        assert!(COLLECTION.metadata.len() > 240);
        assert_eq!(UTIL.get_supported_regions().len(), 245);
        assert!(of_region(44, "GB").is_some() && of_region(800, "001").is_some());
        assert!(of_region(44, "DE").is_none());
    }
}
