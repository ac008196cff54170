//! Faults put into real music on purpose, at places drawn from a seed, and counted: how many are found (recall), and
//! how much of what is found was put there (precision). Each module proves one finder and prints its table; run with
//! `--nocapture` to read them. Without the material everything here is skipped, loudly.

mod balance;
#[path = "../common/mod.rs"]
mod common;
mod delay;
mod flaws;
mod hiding;
mod inject;
mod norm;
mod spectra;
mod tally;
mod tone;
mod untouched;
mod voice;
mod wave;
mod width;
