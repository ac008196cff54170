//! The effects of this room keep what every processor of the rack keeps: the same tests, over a registry of their own.
#![allow(dead_code, reason = "the suite is another room's, and the meter has no parameter to move")]

#[path = "../../../dsp/tests/rack/allocations.rs"]
mod allocations;
#[path = "../../../dsp/tests/rack/automation.rs"]
mod automation;
#[path = "../../../dsp/tests/rack/cases.rs"]
mod cases;
mod exempt;
#[path = "../../../dsp/tests/rack/extremes.rs"]
mod extremes;
#[path = "../../../dsp/tests/rack/identity.rs"]
mod identity;
#[path = "../../../dsp/tests/rack/latency.rs"]
mod latency;
#[path = "../../../dsp/tests/rack/poison.rs"]
mod poison;
#[path = "../../../dsp/tests/rack/promise.rs"]
mod promise;
#[path = "../../../dsp/tests/rack/report.rs"]
mod report;
#[path = "../../../dsp/tests/rack/silence.rs"]
mod silence;
#[path = "../../../dsp/tests/rack/zipper.rs"]
mod zipper;

use tonmeister_core::Registry;
use tonmeister_measure::tap::MeterTap;

fn rack() -> Registry {
    Registry::new().with::<MeterTap>()
}
