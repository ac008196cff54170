//! Faults of the waveform.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[
    CLIPPED,
    CLIPPED_PASSAGE,
    SOFT_CLIPPED,
    DC_OFFSET,
    OFFSET_MOVES,
    CLICK,
    DROPOUT,
    REPEATED,
    STUCK,
    HUM,
    NOISE_FLOOR,
];

/// Tops cut flat.
pub const CLIPPED: Rule = Rule {
    id: "clipped",
    title: "clipping",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 1.0,
    graver: Some((3.0, Severity::Warning)),
    unit: "tops",
    doc: "Flat tops at the file's greatest value: runs of at least 3 samples within 1e-4 of it that the waveform runs \
          into at an angle, as no unclipped crest does. Counted for each polarity. Works at any gain, so a clipped \
          take that was turned down is found too. Counted per channel; where most of the high samples lie on the plateau \
          the sound is itself made of plateaus (a square-wave \
          synthesizer, fuzz) and it is a note. \
          Music clipped 1 dB below its peak and more: all found, no false alarm.",
    why: "Cut crests crackle, and the finer they are the more they sound like grit on every loud note; no later step \
          takes it away again.",
    remedy: "record or export it again with more headroom, or repair it with a declipper",
    source: "",
};

/// Tops cut flat below the greatest level.
pub const CLIPPED_PASSAGE: Rule = Rule {
    id: "clipped-passage",
    title: "clipped passage",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 3.0,
    graver: Some((6.0, Severity::Warning)),
    unit: "tops",
    doc: "Flat tops as for `clipped`, at least three at one level, which is the greatest of the stretches they lie in \
          (8192 frames each, or 2048 with five tops) but not of the file: a passage that was clipped before its fader was moved, or in a file \
          that has a louder, whole place. \
          Passages clipped 3 dB below their peak: all found, 1 dB: seven of eight; no false alarm.",
    why: "It crackles like any clipping, although the meters never showed full scale.",
    remedy: "record or export it again with more headroom, or repair it with `declip`",
    source: "",
};

/// Tops pressed flat without an edge.
pub const SOFT_CLIPPED: Rule = Rule {
    id: "soft-clipped",
    title: "soft clipping",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 1.5,
    graver: None,
    unit: "dB",
    doc: "In a file that fills all octaves nearly all the time, as mixes and masters do: under the highest crests the treble \
          (over 5 kHz) is softer by the limit than a few milliseconds beside them, where the wave is small. A curve that bends (saturation, \
          tape, a clipper with a soft knee) multiplies what rides on a crest by its slope; a limiter turns whole waves down, \
          and sums of sounds have as much treble on a crest as beside it. There must be several such crests, and no flat tops, which \
          are `clipped`. \
          A hyperbolic tangent that takes 4.5 dB off the crest factor of a mix, or more: 96 % found, and one of 25 untouched mixes and \
          masters told; one that takes 3 dB: about nine in ten.",
    why: "Loud moments turn dense and fuzzy: the curve makes harmonics and sums and differences of all that sounds at once, \
          bass against voice first.",
    remedy: "nothing, if it is the sound that was wanted; else mix into less drive, and let a limiter take the peaks",
    source: "Tan, Moore & Zacharov, The effect of nonlinear distortion on the perceived quality of music and speech signals, J. \
             Audio Eng. Soc. 51, 2003",
};

/// A mean that is not zero.
pub const DC_OFFSET: Rule = Rule {
    id: "dc-offset",
    title: "offset",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 1e-3,
    graver: Some((1e-2, Severity::Warning)),
    unit: "of full scale",
    doc: "The mean of all samples of a channel is farther from zero than −60 dBFS: it takes headroom and makes \
          edits click. Released music often leans a little; from −40 dBFS on it is worth mending.",
    why: "It is not heard by itself, but it takes headroom on one side, makes every cut and fade click, and turns \
          into even harmonics in whatever saturates.",
    remedy: "put a high-pass at 20 Hz on it",
    source: "",
};

/// A mean that wanders.
pub const OFFSET_MOVES: Rule = Rule {
    id: "offset-moves",
    title: "offset that changes",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 2e-2,
    graver: Some((5e-2, Severity::Warning)),
    unit: "of full scale",
    doc: "The mean of a channel over two seconds (the median of three such stretches) is not the same all through the \
          file: parts recorded with different offsets were joined, or a device drifts.",
    why: "Each change thumps, and a high-pass turns it into a longer thump.",
    remedy: "put a high-pass on each part before they are joined",
    source: "",
};

/// Clicks, and samples left out.
pub const CLICK: Rule = Rule {
    id: "click",
    title: "click",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 12.0,
    graver: Some((24.0, Severity::Warning)),
    unit: "dB",
    doc: "At one place the sound does what the 32 samples before it did not foretell (autoregressive prediction error), \
          the limit above what is usual within a tenth of a second; two milliseconds later all is as before. Onsets, noises \
          that set in and pulse trains are not meant. Where \
          it stands out by a quarter of the limit, in dB, it is looked at from both sides: a cut that leaves samples out is \
          what neither side foretells of the other (Burg models of 1024 samples before it and behind it), and most attacks are \
          not; what is 10 dB louder behind it may be one all the same (a struck bar of a synthesizer) and stays a note. \
          What stands out of its own ten milliseconds only, as a click between two strokes of a drum or in steady noise does, is \
          a note, too, if the sound goes on across it: 44 samples are filled in from both sides by least squares, \
          and the errors, the greatest of 2048 samples to either side before, are no greater than elsewhere. \
          Clicks 18 dB over the level of the music around them (RMS) and more: all found, 12 dB: 99 %, 6 dB: 97 %, as loud as it: \
          94 %, 10 dB softer: 91 %; those that are sharper than all within 25 ms: all, softer ones too. \
          Cuts with a jump of half that level: 96 %, of all of it: 97 %, of twice it: 98 %. \
          Where the errors or the treble are 6 dB greater from 1 to 8 ms behind it than before, and it does not stand 30 dB \
          over those behind, it may be the onset of a note and stays a note. \
          Precision 0.95 and more. Notes of chip music that are cut off by the next one are cuts.",
    why: "A tick or a crack that belongs to nobody: the ear jumps to it, on headphones first.",
    remedy: "repair it with `declick`, or lay a short cross-fade over the cut",
    source: "Godsill & Rayner, Digital Audio Restoration, 1998, chapter 5; Janssen, Veldhuis & Vries, Adaptive interpolation of \
             discrete-time signals that can be modeled as autoregressive processes, IEEE Trans. ASSP 34, 1986; Burg, Maximum \
             Entropy Spectral Analysis, 1975",
};

/// Zeros in the middle of sound.
pub const DROPOUT: Rule = Rule {
    id: "dropout",
    title: "gap",
    group: Group::Signal,
    severity: Severity::Warning,
    limit: 1.0,
    graver: None,
    unit: "gaps",
    doc: "The sound stops at once, is zero for 0.3 to 60 ms, and goes on at once about as loud, as a lost buffer or a bad \
          cable does; what fades and what is silent for longer may be meant. \
          Of gaps in music 96 % are found at 0.5 ms, 97 % at 5 ms, all from 20 ms on; precision 0.98.",
    why: "A stutter or a crack; short ones sound like a click, long ones like a broken player.",
    remedy: "export or transfer it again, with a greater buffer if it was recorded so",
    source: "",
};

/// A buffer twice.
pub const REPEATED: Rule = Rule {
    id: "repeated",
    title: "a stretch played twice",
    group: Group::Signal,
    severity: Severity::Warning,
    limit: 1.0,
    graver: None,
    unit: "stretches",
    doc: "After a break that nothing foretold, the sound repeats, sample by sample, the 32 samples to 60 ms before it, once. \
          A loop that went round before is an instrument's. \
          From 64 to 2048 frames in music: all found, no false alarm.",
    why: "A stutter: the driver had nothing new to play and played the last buffer again.",
    remedy: "export or transfer it again, with a greater buffer if it was recorded so",
    source: "",
};

/// A value that stands still.
pub const STUCK: Rule = Rule {
    id: "stuck",
    title: "a value that sticks",
    group: Group::Signal,
    severity: Severity::Warning,
    limit: 1.0,
    graver: None,
    unit: "places",
    doc: "One value, neither zero nor the greatest, is held for 1 to 60 ms in the middle of sound that holds no other, and \
          is left with a jump. \
          In music: 97 % found from 1 ms on; precision 0.98.",
    why: "A gap with a click at its end.",
    remedy: "export or transfer it again; a converter or a link has failed at that place",
    source: "",
};

/// The mains.
pub const HUM: Rule = Rule {
    id: "hum",
    title: "hum of the mains",
    group: Group::Signal,
    severity: Severity::Warning,
    limit: 15.0,
    graver: None,
    unit: "dB",
    doc: "At least two narrow lines at multiples (up to the ninth) of one frequency within 0.8 Hz of 50 or 60 Hz stand so \
          far over what surrounds them in the quietest tenth of the file, at every frequency by itself: music comes and \
          goes, hum stays. Needs about 5 s of sound. \
          Hum as loud as the bass in the quietest tenth of the music is always found, 10 dB softer: 76 %; no false alarm.",
    why: "A hum or a buzz in every pause, and once heard it is heard all the time.",
    remedy: "take it away with `dehum`, and look for the ground loop",
    source: "",
};

/// Noise.
pub const NOISE_FLOOR: Rule = Rule {
    id: "noise-floor",
    title: "noise",
    group: Group::Signal,
    severity: Severity::Note,
    limit: -66.0,
    graver: Some((-54.0, Severity::Warning)),
    unit: "dBFS",
    doc: "What remains in the quietest half second of every third of an octave, put together, with the bias of the least \
          value taken out. It is called noise when its spectrum is noise's, when the sound rests on it again and \
          again, and when it lies at least 12 dB below the usual level; in music without pauses nothing is said.",
    why: "Hiss in every pause, louder with each compressor it goes through.",
    remedy: "take it away with `denoise` before the sound is compressed, or close the pauses with an expander",
    source: "after Martin, IEEE Trans. Speech and Audio Processing 9(5), 2001",
};
