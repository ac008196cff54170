//! What every processor keeps, tested on the whole [`rack`](tonmeister_dsp::rack): an effect is covered on the day
//! it is registered.
//!
//! Each test walks over all effects with settings taken from their tables ([`cases`]) and collects every breach
//! before it fails. `RACK=delay,reverb cargo test -p tonmeister-dsp --test rack` walks over these alone. What an
//! effect cannot keep by its nature stands in [`exempt`] with the reason; an exemption that is no longer needed fails.
//! Effects of other rooms are held to the same there (`crates/measure/tests/rack`).

mod allocations;
mod automation;
mod cases;
mod exempt;
mod extremes;
mod identity;
mod latency;
mod poison;
mod promise;
mod report;
mod silence;
mod zipper;

use tonmeister_dsp::rack;
