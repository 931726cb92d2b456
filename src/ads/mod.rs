//! Ads: relevance on the social network, never on the messenger.
