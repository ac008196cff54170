//! pan
