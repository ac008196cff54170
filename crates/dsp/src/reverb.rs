//! The reverb: a room, a chamber, a plate or a hall that the sound is put into.
//!
//! ```text
//!                    ┌──▶ early reflections ──────────────┐
//! dry ──▶ pre-delay ─┤                                    ├──▶ highpass ──▶ lowpass ──▶ width ──▶ wet
//!                    └──▶ diffuser ──▶ sixteen lines ─────┘
//!                                       ▲   │  loss per octave
//!                                       └───┘  orthogonal mix
//! ```
//!
//! 1. **Early reflections** ([`mod@tuning`]): fourteen taps of each input, panned, sparse velvet noise.
//! 2. **Diffuser** ([`diffuser`]): four steps turn each click into a cloud.
//! 3. **Network** ([`network`]): sixteen delay lines of prime lengths feed one another through orthogonal matrices.
//! 4. **Decay** ([`decay`]): a filter in each line makes every octave last as long as asked, within 5 %. A smooth curve
//!    takes a few [`shelves`], a table of octaves ten bands.
//!
//! T60 over frequency is `decay_s`, times `low_ratio` well below `low_hz` and `high_ratio` well above `high_hz`
//! (half of each, in octaves of decay, at those frequencies), times the factors of `octaves`. The loudness of the
//! wet sound does not depend on the decay: steady noise comes out as loud as it went in.
//!
//! Ducking and the gate turn the wet sound down by what the dry one does; what sounds on in the space is not changed.
//!
//! Times, sizes and decay are fixed when the reverb is built: they are memory. Levels, width, filters and the
//! modulation move without a click: in straight lines with corners rounded by a one-pole of 1 ms, jumps in 50 ms (the
//! filters' frequencies: in 20 ms, eased); the modulation takes new values on a grid of 64 frames. There is no latency.
//!
//! With `reverse` the space answers backward ([`swell`]): in place of diffuser and network stands a drawn response that
//! rises as they would decay and ends at once, early reflections last, and is convolved with the dry sound.
//!
//! Modulation is a swing of the mixing matrix, not of delays: it spreads resonances without bending the pitch and
//! without dulling the treble (see [`network`]).
//!
//! Delay memories and mixing are `f32`, filter states `f64`. What a frame becomes never depends on how the audio is
//! cut into blocks: runs of up to 64 frames only share the work of vector lanes, and what comes back into the lines is
//! computed on a grid of the reverb's own.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::reverb::Reverb;
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 48_000, seed: 0 };
//! let mut space = Reverb::from_settings(&Settings::new(Reverb::SPEC).with("decay_s", 1.0)).build(&stream).unwrap();
//! let mut audio = Buffer::new(Layout::Stereo, 48_000);
//! audio.channel_mut(0)[0] = 1.0; // a clap on the left
//! space.process(&mut audio.block(48_000), &Context::default());
//! let power = |from: usize| audio.channel(1)[from..from + 4800].iter().map(|x| x * x).sum::<f32>();
//! assert!(power(24_000) > 0.0 && power(24_000) < 0.1 * power(4800));
//! ```

mod decay;
mod diffuser;
mod gate;
mod losses;
mod network;
mod processor;
pub(crate) mod ring;
mod shelves;
mod slowest;
mod swell;
mod transpose;
mod tuning;

#[cfg(test)]
mod acoustics;
#[cfg(test)]
mod tests;

use tonmeister_core::{
    Automatable, BuildError, Effect, EffectSpec, Family, GroupSpec, Layout, ParamSpec, Processor, Settings, Stream,
    Unit,
};

use decay::{BANDS, Curve};
use processor::Running;
use tuning::{KINDS, TUNINGS, Tuning};

/// Delay lines of the network, and channels of the diffuser.
const LINES: usize = 16;

const fn octave(id: &'static str, name: &'static str) -> ParamSpec {
    ParamSpec::number(id, name, Unit::None, (0.1, 4.0), 1.0, "How long this octave lasts, as a part of the rest.")
        .logarithmic()
        .automatable(Automatable::Fixed)
}

const fn fixed(spec: ParamSpec) -> ParamSpec {
    spec.automatable(Automatable::Fixed)
}

const SPEC: EffectSpec = EffectSpec {
    id: "reverb",
    name: "Reverb",
    family: Family::Space,
    summary: "Puts the sound into a room, a chamber, a plate or a hall.",
    doc: "Meant for a bus that tracks send to, where `mix_percent` stays at 100. Each octave lasts as long as \
          `decay_s` and the ratios say, within 5 %. With `reverse` it swells instead, and stops.",
    params: &[
        ParamSpec::choice("kind", "Kind", KINDS, "The space: its size, density and early reflections."),
        fixed(
            ParamSpec::number(
                "decay_s",
                "Decay time",
                Unit::Seconds,
                (0.1, 20.0),
                1.8,
                "T60 in the middle: how long until the sound has fallen by 60 dB.",
            )
            .logarithmic(),
        ),
        fixed(
            ParamSpec::number(
                "low_ratio",
                "Low ratio",
                Unit::None,
                (0.2, 4.0),
                1.1,
                "How long lows last, as a part of `decay_s`.",
            )
            .logarithmic(),
        ),
        fixed(
            ParamSpec::number(
                "low_hz",
                "Low crossover",
                Unit::Hz,
                (50.0, 1000.0),
                250.0,
                "Where `low_ratio` has half its effect.",
            )
            .logarithmic(),
        ),
        fixed(
            ParamSpec::number(
                "high_ratio",
                "High ratio",
                Unit::None,
                (0.1, 2.0),
                0.5,
                "How long highs last, as a part of `decay_s`: damping. Below 1 the room is dark.",
            )
            .logarithmic(),
        ),
        fixed(
            ParamSpec::number(
                "high_hz",
                "High crossover",
                Unit::Hz,
                (1000.0, 16_000.0),
                4000.0,
                "Where `high_ratio` has half its effect.",
            )
            .logarithmic(),
        ),
        fixed(ParamSpec::number(
            "pre_delay_ms",
            "Pre-delay",
            Unit::Ms,
            (0.0, 500.0),
            15.0,
            "Silence between the dry sound and the space.",
        )),
        fixed(
            ParamSpec::number(
                "size_percent",
                "Size",
                Unit::Percent,
                (25.0, 200.0),
                100.0,
                "Distances in the space: early reflections, density and resonances; the decay stays.",
            )
            .logarithmic(),
        ),
        fixed(ParamSpec::number(
            "diffusion_percent",
            "Diffusion",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "How densely the space answers: low values leave single echoes.",
        )),
        ParamSpec::number(
            "early_db",
            "Early reflections",
            Unit::Db,
            (-60.0, 12.0),
            0.0,
            "Level of the early reflections against what the kind of space has.",
        ),
        ParamSpec::number(
            "late_db",
            "Late reverberation",
            Unit::Db,
            (-60.0, 12.0),
            0.0,
            "Level of the late reverberation against what the kind of space has.",
        ),
        ParamSpec::number(
            "modulation_percent",
            "Modulation",
            Unit::Percent,
            (0.0, 100.0),
            50.0,
            "How far the space moves: spreads resonances, keeps a long decay alive.",
        ),
        ParamSpec::number("modulation_hz", "Modulation rate", Unit::Hz, (0.05, 2.0), 0.4, "How fast the space moves.")
            .logarithmic(),
        ParamSpec::number(
            "width_percent",
            "Width",
            Unit::Percent,
            (0.0, 150.0),
            100.0,
            "Gain of the wet side signal: 0 is mono, 100 as the space gives it.",
        ),
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "0 is the dry sound alone, 100 the space alone.",
        ),
    ],
    groups: &[
        GroupSpec {
            id: "octaves",
            name: "Decay per octave",
            max: 1,
            params: &[
                octave("hz31", "31 Hz"),
                octave("hz63", "63 Hz"),
                octave("hz125", "125 Hz"),
                octave("hz250", "250 Hz"),
                octave("hz500", "500 Hz"),
                octave("hz1000", "1 kHz"),
                octave("hz2000", "2 kHz"),
                octave("hz4000", "4 kHz"),
                octave("hz8000", "8 kHz"),
                octave("hz16000", "16 kHz"),
            ],
            doc: "Factors of the decay for each octave, on top of the ratios. Neighbors further apart than a factor of \
                  about 1.5 blend into one another: next to a long octave a short one lasts longer than asked.",
        },
        crate::wet::HIGHPASS,
        crate::wet::LOWPASS,
        GroupSpec {
            id: "duck",
            name: "Ducking",
            max: 1,
            params: &[
                ParamSpec::number(
                    "threshold_db",
                    "Threshold",
                    Unit::Db,
                    (-60.0, 0.0),
                    -30.0,
                    "Peak of the dry sound above which the space gives way.",
                ),
                ParamSpec::number("depth_db", "Depth", Unit::Db, (0.0, 40.0), 9.0, "The most it gives way."),
                ParamSpec::number("release_ms", "Release", Unit::Ms, (10.0, 3000.0), 250.0, "How it comes back.")
                    .logarithmic(),
            ],
            doc: "Turns the space down while the dry sound plays, so that it fills the gaps.",
        },
        GroupSpec {
            id: "gate",
            name: "Gate",
            max: 1,
            params: &[
                ParamSpec::number(
                    "threshold_db",
                    "Threshold",
                    Unit::Db,
                    (-60.0, 0.0),
                    -24.0,
                    "Peak of the dry sound above which the space is open.",
                ),
                ParamSpec::number(
                    "hold_ms",
                    "Hold",
                    Unit::Ms,
                    (20.0, 2000.0),
                    250.0,
                    "How long it stays open once the dry sound has fallen below.",
                )
                .logarithmic(),
                ParamSpec::number("release_ms", "Release", Unit::Ms, (5.0, 1000.0), 40.0, "How fast it closes.")
                    .logarithmic(),
            ],
            doc: "Cuts the space off a while after each stroke: the big drums of the eighties, a long decay that never \
                  piles up.",
        },
        GroupSpec {
            id: "reverse",
            name: "Reverse",
            max: 1,
            params: &[fixed(
                ParamSpec::number(
                    "length_s",
                    "Length",
                    Unit::Seconds,
                    (0.1, 3.0),
                    1.0,
                    "How long each swell is, from the sound that it answers to where it ends.",
                )
                .logarithmic(),
            )],
            doc: "Turns the space backward: after each sound it swells, by 60 dB in the time that it would have taken to \
                  decay, each octave in its own, and stops within 3 ms. With a length of `decay_s` the swell comes out \
                  of nothing, a shorter one begins louder. It is as loud as the space is forward; `kind`, size and \
                  diffusion say how densely it answers, and the early reflections come last. It is the same each time: \
                  the modulation has nothing to move. To lead into a word, reverse the sound as well or move the wet \
                  track ahead by the length; by itself it follows, without latency.",
        },
    ],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Jot, Chaigne: Digital delay networks for designing artificial reverberators, AES 90, 1991",
        "Prawda, Schlecht, Välimäki: Improved reverberation time control for feedback delay networks, DAFx 2019",
        "Välimäki, Liski: Accurate cascade graphic equalizer, IEEE SPL 24(2), 2017",
        "Jot: Proportional parametric equalizers, AES 139, 2015",
        "Schlecht, Habets: Time-varying feedback matrices in feedback delay networks, JASA 138(3), 2015",
        "Schlecht, Habets: On lossless feedback delay networks, IEEE TSP 65(6), 2017",
        "Signalsmith Audio: Let's write a reverb, ADC 2021",
    ],
};

/// The effect `reverb`.
#[derive(Clone, Debug)]
pub struct Reverb(Settings);

impl Effect for Reverb {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Reverb(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("a reverb needs a stereo stream".into()));
        }
        for group in ["highpass", "lowpass"] {
            let half = f64::from(stream.sample_rate) / 2.0;
            if let Some([hz]) = self.0.items(group).first().map(Vec::as_slice)
                && *hz >= half
            {
                return Err(BuildError(format!(
                    "the reverb's {group} at {hz} Hz lies above half of {} Hz; choose one below {half} Hz",
                    stream.sample_rate
                )));
            }
        }
        Ok(Box::new(Running::new(&self.0, stream.sample_rate)))
    }
}

fn tuning(settings: &Settings) -> &'static Tuning {
    &TUNINGS[settings.get("kind") as usize]
}

fn curve(settings: &Settings) -> Curve {
    let mut octaves = [1.0; BANDS];
    if let Some(factors) = settings.items("octaves").first() {
        octaves.copy_from_slice(factors);
    }
    Curve {
        decay_s: settings.get("decay_s"),
        low: (settings.get("low_ratio"), settings.get("low_hz")),
        high: (settings.get("high_ratio"), settings.get("high_hz")),
        octaves,
    }
}
