//! Utility: gains, channels, what should not be below the bass, and signals to test with.

mod channels;
mod dc_blocker;
mod gain;
mod pink;
mod test_signal;

pub use channels::Channels;
pub use dc_blocker::DcBlocker;
pub use gain::Gain;
pub use test_signal::TestSignal;
