//! reverb
