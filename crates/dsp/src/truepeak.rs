//! truepeak
