//! loudness, true peak and problem finders of Tonmeister
#![forbid(unsafe_code)]
