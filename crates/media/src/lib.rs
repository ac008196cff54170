//! audio files in and out of Tonmeister
#![forbid(unsafe_code)]
