//! dither
