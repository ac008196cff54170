//! biquad
