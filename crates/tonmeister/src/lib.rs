//! the verbs of Tonmeister: demo, new, mix, master, measure, check
#![forbid(unsafe_code)]

pub mod failure;
pub mod new;
pub mod progress;

pub use failure::{Failure, Finding, Place};
pub use progress::{Progress, Silent};
