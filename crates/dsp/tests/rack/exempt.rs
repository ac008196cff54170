//! What an effect cannot keep by its nature.

pub(crate) use crate::promise::{Exemption, Promise};

const fn exempt(effect: &'static str, param: &'static str, promise: Promise, reason: &'static str) -> Exemption {
    Exemption { effect, param, promise, reason }
}

/// Everything that is excused. An entry that excuses nothing is stale and fails.
pub(crate) const EXEMPT: &[Exemption] = &[
    // Equalizers
    exempt("eq", "", Promise::Latency, "all-passes and a band-pass turn the phase, which is what they are for"),
    // Dynamics
    exempt(
        "multiband",
        "mix_percent",
        Promise::Dry,
        "its dry part is the sum of the bands, an all-pass: the bare input would comb with the processed part",
    ),
    exempt("deesser", "", Promise::Latency, "a split turns the phase around its band: a click's center of power moves"),
    // Space
    exempt("delay", "", Promise::Latency, "the echoes alone, whose place in time is the effect; the dry mix is tested"),
    exempt(
        "convolution",
        "",
        Promise::Latency,
        "a recorded room alone, whose place in time is the recording's; the dry mix is tested",
    ),
    exempt(
        "distance",
        "",
        Promise::Latency,
        "air is a low-pass: at 96 kHz a click begins in its first frame and is highest in its second",
    ),
    exempt(
        "reverb",
        "",
        Promise::Latency,
        "reflections alone, whose place in time is the effect; the dry mix is tested",
    ),
    // Modulation
    exempt("vibrato", "", Promise::Latency, "a delay that sways behind the latency, which is how the pitch bends"),
    exempt("ensemble", "", Promise::Latency, "the voices alone, whose delay is the effect; the dry mix is tested"),
    exempt("rotary", "", Promise::Latency, "the way from rotor to microphone is the effect; the dry mix is tested"),
    // Color
    exempt(
        "bitcrusher",
        "",
        Promise::Latency,
        "a sample that is held lies half its time later, which belongs to the lower rate; the dry mix is tested",
    ),
    // Stereo
    exempt("haas", "", Promise::Latency, "one side is late, which is the effect; its own tests hold it to the frame"),
    // Utility
    exempt("test_signal", "", Promise::Silence, "a generator: to sound out of silence is its work"),
    exempt("test_signal", "", Promise::Tail, "a generator: it plays for as long as it stands there"),
    exempt("test_signal", "", Promise::Latency, "a generator: what it plays has nothing to do with the input"),
];
