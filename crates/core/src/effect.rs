//! An effect is data; what sounds is another type.
//!
//! [`Effect`] is a plain settings struct, made from [`Settings`] that were checked against its [`EffectSpec`].
//! [`Effect::build`] gives a [`Processor`] that is born ready: there is no unprepared state. The engine sees only
//! `Processor`, and reaches it by name through a [`Registry`] that somebody else filled.

use crate::audio::{Block, Layout, View};
use crate::lent::LentGains;
use crate::param::{EffectSpec, ParamIndex, Settings};
use crate::rule::RuleSpec;
use crate::units::Frames;

/// What a processor will be asked to process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Frames per second, 8 000 to 384 000.
    pub sample_rate: u32,
    /// Mono or stereo; the same in and out.
    pub layout: Layout,
    /// The longest block that will come. Any length from 1 to this may come, and lengths may vary from call to call.
    pub max_block: usize,
    /// Seeds whatever the processor draws at random, so that a song always sounds the same.
    pub seed: u64,
}

/// A change of one parameter inside a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// The frame of the block at which it takes effect.
    pub at: u32,
    /// Which parameter.
    pub param: ParamIndex,
    /// Where it goes, in the parameter's own unit, inside its range.
    pub value: f64,
    /// Over how many frames it goes there in a straight line, counted from `at`; it may reach past the block.
    /// 0 is a jump, which the processor may smooth as its own documentation says.
    pub glide: u32,
}

/// What comes with a block besides the audio.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Changes of parameters, in order of time.
    pub events: &'a [Event],
    /// The external side-chain, aligned with the block and of its length, if one is routed here.
    pub key: Option<View<'a>>,
}

/// How long a processor sounds on after its input has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// At most this long until it has fallen by 120 dB or more (latency not counted).
    Frames(u64),
    /// For ever (an endless feedback).
    Endless,
}

/// How far back a processor remembers what it heard, to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Behind so many frames of its input (latency included) every bit of its output is what it would be whatever came
    /// before them.
    Frames(u64),
    /// There is no such number: a hall whose lines never come to agree in their last bit, a gate that stays as it is
    /// between its two thresholds, a mean over everything heard.
    Endless,
}

impl Memory {
    /// Of what keeps nothing.
    pub const NONE: Memory = Memory::Frames(0);

    /// Of filters of one pole, or with trapezoidal integrators, whose ringing falls by 120 dB within so many frames: two that
    /// heard different things agree to the last bit of double precision after three times that, and are at rest, below what
    /// they keep at all, after five. (120 dB are 14 time constants; six times are 83.) Not of direct-form sections: their
    /// rounding feeds on itself, and they may differ in the last bit for minutes.
    pub fn of_ringing(tail: Tail) -> Memory {
        match tail {
            Tail::Frames(frames) => Memory::Frames(frames.saturating_mul(6)),
            Tail::Endless => Memory::Endless,
        }
    }

    /// Of a mean that covers 63 % of the distance to what it hears within so many frames: 80 of these.
    pub fn of_mean(frames: f64) -> Memory {
        if frames.is_finite() { Memory::Frames((80.0 * frames.max(0.0)).ceil() as u64) } else { Memory::Endless }
    }

    /// Of one that hears what the other made: they add up.
    #[must_use]
    pub fn then(self, next: Memory) -> Memory {
        match (self, next) {
            (Memory::Frames(first), Memory::Frames(next)) => Memory::Frames(first.saturating_add(next)),
            _ => Memory::Endless,
        }
    }

    /// Of two side by side: the longer.
    #[must_use]
    pub fn or(self, other: Memory) -> Memory {
        match (self, other) {
            (Memory::Frames(one), Memory::Frames(other)) => Memory::Frames(one.max(other)),
            _ => Memory::Endless,
        }
    }
}

/// What a dynamics processor has done to the level so far. Reductions are positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GainReduction {
    /// At the last frame.
    pub now_db: f64,
    /// The most since the start or the last reset.
    pub max_db: f64,
    /// The mean over all frames since the start or the last reset, in dB.
    pub mean_db: f64,
}

/// What a meter in a chain has heard at its place. What does not exist (of silence, of a programme shorter than the
/// window, the correlation of one channel) is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// The greatest sample since the start or the last reset.
    pub sample_peak_dbfs: Option<f64>,
    /// The greatest true peak since the start or the last reset.
    pub true_peak_dbtp: Option<f64>,
    /// Root of the mean square of all channels from the start to the last sample above −120 dBFS; a full-scale sine is
    /// −3.01.
    pub rms_dbfs: Option<f64>,
    /// Loudness of the last 400 ms.
    pub momentary_lufs: Option<f64>,
    /// Loudness of the last 3 s.
    pub short_term_lufs: Option<f64>,
    /// The greatest loudness of any 400 ms.
    pub max_momentary_lufs: Option<f64>,
    /// The greatest loudness of any 3 s.
    pub max_short_term_lufs: Option<f64>,
    /// Integrated loudness, gated.
    pub integrated_lufs: Option<f64>,
    /// Loudness range.
    pub range_lu: Option<f64>,
    /// How alike the channels are now, −1 to 1.
    pub correlation_now: Option<f64>,
    /// How alike they are on the whole, −1 to 1.
    pub correlation: Option<f64>,
}

/// What sounds: one instance of an effect, with its state.
///
/// `process` runs on the audio thread: it never allocates, locks, blocks or fails. Its output is bit-identical
/// however the audio is cut into blocks.
pub trait Processor: Send {
    /// Changes the block in place. The output is late by [`Processor::latency`].
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>);

    /// Whether all that it does is to lay gains on its audio (late by its latency), so that another one with the same
    /// settings, moves and key would lay the very same ones on: then it can lend them, and [`Processor::process_with`]
    /// stands for its work.
    fn lends(&self) -> bool {
        false
    }

    /// [`Processor::process`], and writes the gains down that it laid on, if it [lends](Processor::lends) them. Both are
    /// asked for from the first block on or never.
    fn process_lending(&mut self, block: &mut Block<'_>, context: &Context<'_>, gains: &mut LentGains) {
        let _ = gains;
        self.process(block, context);
    }

    /// Changes the block as [`Processor::process`] would, by gains that another has worked out for it: one with the same
    /// settings, parameters and key, for the same frames. The same bits, for the price of a product; nothing is heard.
    fn process_with(&mut self, block: &mut Block<'_>, gains: &LentGains) {
        let _ = gains;
        self.process(block, &Context::default());
    }

    /// By how many frames the output is late. Fixed for the life of the processor.
    fn latency(&self) -> Frames {
        Frames(0)
    }

    /// How long it sounds on.
    fn tail(&self) -> Tail {
        Tail::Frames(0)
    }

    /// How far back it remembers, with the parameters it was born with: a render that begins so long before a place,
    /// [begun there](Processor::begin_at), has the bits there that a render from the start has. Who does not know says
    /// [`Memory::Endless`], and is rendered from the start.
    fn memory(&self) -> Memory {
        Memory::Endless
    }

    /// Back to the state it was born in (parameters too).
    fn reset(&mut self);

    /// Before the first block: it does not begin with the first frame of its stream but with this one. What moves by
    /// itself takes the place in its swing that it would have there, had it run since the first frame with the
    /// parameters it was born with. What it would have heard it does not know: that takes a pre-roll.
    fn begin_at(&mut self, frame: u64) {
        let _ = frame;
    }

    /// What it did to the level, if it is a dynamics processor.
    fn gain_reduction(&self) -> Option<GainReduction> {
        None
    }

    /// What it has heard so far, if it is a meter. Allocates nothing.
    fn levels(&self) -> Option<Levels> {
        None
    }
}

/// Why settings cannot sound on a stream: "the bell at 30000 Hz lies above half of 44100 Hz; …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(pub String);

/// A settings struct that can become sound.
pub trait Effect: Sized {
    /// What can be set, described once for the document, automation, command line, schema and reference.
    const SPEC: &'static EffectSpec;

    /// Reads values that were already checked against [`Effect::SPEC`].
    fn from_settings(settings: &Settings) -> Self;

    /// A processor that is born ready for that stream.
    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError>;
}

type Build = fn(&Settings, &Stream) -> Result<Box<dyn Processor>, BuildError>;

/// The effects and rules that can be named in a document. The engine builds through it and learns no effect's name.
#[derive(Clone, Default)]
pub struct Registry {
    entries: Vec<(&'static EffectSpec, Build)>,
    rules: Vec<RuleSpec>,
}

impl Registry {
    /// With no effects.
    pub fn new() -> Self {
        Registry::default()
    }

    /// With one effect more.
    #[must_use]
    pub fn with<E: Effect>(mut self) -> Self {
        self.entries.push((E::SPEC, |settings, stream| E::from_settings(settings).build(stream)));
        self
    }

    /// With what a check can find, for documents that set it.
    #[must_use]
    pub fn with_rules(mut self, rules: impl IntoIterator<Item = RuleSpec>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// What a check can find, in order.
    pub fn rules(&self) -> &[RuleSpec] {
        &self.rules
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&RuleSpec> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The description of the effect of that id.
    pub fn spec(&self, id: &str) -> Option<&'static EffectSpec> {
        self.specs().find(|spec| spec.id == id)
    }

    /// Every effect's description, in order of registration.
    pub fn specs(&self) -> impl Iterator<Item = &'static EffectSpec> {
        self.entries.iter().map(|(spec, _)| *spec)
    }

    /// A processor with these settings.
    pub fn build(&self, settings: &Settings, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let id = settings.spec().id;
        match self.entries.iter().find(|(spec, _)| spec.id == id) {
            Some((_, build)) => build(settings, stream),
            None => Err(BuildError(format!("there is no effect `{id}` in this registry"))),
        }
    }
}
