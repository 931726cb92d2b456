//! Business: may this business write to this account?
