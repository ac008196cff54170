//! What every room's wet sound can be cut with.

use tonmeister_core::{GroupSpec, ParamSpec, Unit};

/// Lows leave the wet sound.
pub(crate) const HIGHPASS: GroupSpec = GroupSpec {
    id: "highpass",
    name: "High-pass",
    max: 1,
    params: &[ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 5000.0), 150.0, "3 dB down here.").logarithmic()],
    doc: "Takes lows from the wet sound, 12 dB per octave.",
};

/// Highs leave the wet sound.
pub(crate) const LOWPASS: GroupSpec = GroupSpec {
    id: "lowpass",
    name: "Low-pass",
    max: 1,
    params: &[
        ParamSpec::number("hz", "Frequency", Unit::Hz, (200.0, 20_000.0), 9000.0, "3 dB down here.").logarithmic()
    ],
    doc: "Takes highs from the wet sound, 12 dB per octave.",
};
