//! Friend suggestions: exact top-K with reasons.
