//! The song on paper: its form, its harmony, and what the rhythm section plays in which bar.
//!
//! G major at 112.5 beats per minute, which makes a sixteenth exactly 6400 frames and a dotted eighth 400 ms.
//!
//! | bars  | seconds     | part        | what happens |
//! |-------|-------------|-------------|--------------|
//! | 0–3   | 0.0 – 8.5   | intro       | pad, electric piano, the hook on the synthesizer; the beat enters |
//! | 4–11  | 8.5 – 25.6  | verse       | the voice, low and close, over the full band playing softly |
//! | 12–15 | 25.6 – 34.1 | rise        | long notes, a line that climbs, backing voices, a roll |
//! | 16–23 | 34.1 – 51.2 | chorus      | the hook; the borrowed C minor in bar 21 |
//! | 24–27 | 51.2 – 59.7 | verse 2     | shorter; the synthesizer and the backing voices answer |
//! | 28–31 | 59.7 – 68.3 | bridge      | E♭, B♭, C minor: what bar 21 hinted at, without drums |
//! | 32–39 | 68.3 – 85.3 | last chorus | everything |
//! | 40–43 | 85.3 – 93.9 | outro       | home, by way of C minor |
//! | 44–45 | 93.9 – 98.1 | end         | the last chord rings out |

use crate::chance::Random;
use crate::demo::SAMPLE_RATE;
use crate::demo::notation::{Harmony, harmony};

/// Frames in a sixteenth.
pub(in crate::demo) const STEP: f64 = 6400.0;
/// Bars of four beats, the last two of which ring out.
const BARS: usize = 46;
/// Length of the song.
pub(in crate::demo) const FRAMES: usize = BARS * 16 * STEP as usize;
/// The bar of the last chord.
pub(in crate::demo) const LAST: usize = 44;

/// Off-beat sixteenths come this much late, as a part of a sixteenth: nearly straight, but it leans.
const SWING: f64 = 0.07;

/// The frame of a place in the score, in sixteenths from the start of a bar.
pub(super) fn at(bar: usize, step: f64) -> f64 {
    let off_beat = step % 2.0 == 1.0;
    (bar as f64 * 16.0 + step + if off_beat { SWING } else { 0.0 }) * STEP
}

/// The same, as a hand plays it: some milliseconds early or late.
pub(super) fn played(bar: usize, step: usize, spread_ms: f64, hand: &mut Random) -> f64 {
    (at(bar, step as f64) + hand.human() * spread_ms * 0.001 * f64::from(SAMPLE_RATE)).max(0.0)
}

/// The parts of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Intro,
    Verse,
    Rise,
    Chorus,
    SecondVerse,
    Bridge,
    LastChorus,
    Outro,
    End,
}

/// Which part a bar belongs to.
pub(super) fn part(bar: usize) -> Part {
    match bar {
        0..=3 => Part::Intro,
        4..=11 => Part::Verse,
        12..=15 => Part::Rise,
        16..=23 => Part::Chorus,
        24..=27 => Part::SecondVerse,
        28..=31 => Part::Bridge,
        32..=39 => Part::LastChorus,
        40..=43 => Part::Outro,
        _ => Part::End,
    }
}

/// A harmony and its time.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) bar: usize,
    /// Sixteenths into the bar, and how many it lasts.
    pub(super) step: usize,
    pub(super) steps: usize,
    pub(super) harmony: &'static Harmony,
}

static G: Harmony = harmony(31, [59, 62, 67, 69]);
static G_OVER_B: Harmony = harmony(35, [59, 62, 67, 71]);
static EM7: Harmony = harmony(28, [59, 62, 64, 67]);
static EM7_HIGH: Harmony = harmony(28, [62, 64, 67, 71]);
static C: Harmony = harmony(36, [60, 64, 67, 71]);
static C_HIGH: Harmony = harmony(36, [64, 67, 71, 74]);
static D_SUS: Harmony = harmony(38, [57, 62, 67, 69]);
static D: Harmony = harmony(38, [57, 62, 66, 69]);
static D_SUS_HIGH: Harmony = harmony(38, [62, 67, 69, 74]);
static D_HIGH: Harmony = harmony(38, [62, 66, 69, 74]);
static BM7: Harmony = harmony(35, [57, 62, 66, 69]);
static BM7_HIGH: Harmony = harmony(35, [62, 66, 69, 71]);
static AM7: Harmony = harmony(33, [60, 64, 67, 69]);
static AM9: Harmony = harmony(33, [60, 64, 67, 71]);
static D7_SUS: Harmony = harmony(38, [60, 62, 67, 69]);
static CM6: Harmony = harmony(36, [60, 63, 67, 69]);
static E_FLAT: Harmony = harmony(39, [58, 62, 67, 70]);
static B_FLAT_OVER_D: Harmony = harmony(38, [58, 62, 65, 70]);
static CM7: Harmony = harmony(36, [60, 63, 67, 70]);
static D7_SUS_HIGH: Harmony = harmony(38, [62, 67, 69, 72]);
static D7: Harmony = harmony(38, [62, 66, 69, 72]);
static G_LAST: Harmony = harmony(31, [59, 62, 69, 74]);

/// The harmony of each half bar: one entry for a whole bar, two for one that changes in the middle.
static CHANGES: [&[&Harmony]; 45] = [
    // intro
    &[&EM7],
    &[&C],
    &[&G_OVER_B],
    &[&D_SUS, &D],
    // verse
    &[&G],
    &[&EM7],
    &[&C],
    &[&D_SUS, &D],
    &[&G],
    &[&BM7],
    &[&C],
    &[&AM7, &D7_SUS],
    // rise
    &[&AM7],
    &[&BM7_HIGH],
    &[&C_HIGH],
    &[&D_SUS_HIGH, &D_HIGH],
    // chorus
    &[&C_HIGH],
    &[&D_HIGH],
    &[&BM7_HIGH],
    &[&EM7_HIGH],
    &[&AM9],
    &[&CM6],
    &[&G],
    &[&D_SUS, &D],
    // verse 2
    &[&G],
    &[&EM7],
    &[&C],
    &[&D_SUS, &D],
    // bridge
    &[&E_FLAT],
    &[&B_FLAT_OVER_D],
    &[&CM7],
    &[&D7_SUS_HIGH, &D7],
    // last chorus
    &[&C_HIGH],
    &[&D_HIGH],
    &[&BM7_HIGH],
    &[&EM7_HIGH],
    &[&AM9],
    &[&CM6],
    &[&G],
    &[&D_SUS, &D],
    // outro and end
    &[&G],
    &[&EM7],
    &[&C],
    &[&CM6],
    &[&G_LAST],
];

/// Every change of harmony, in order of time. The last one lasts as long as it rings.
pub(super) fn changes() -> impl Iterator<Item = Change> {
    CHANGES.iter().enumerate().flat_map(|(bar, halves)| {
        let steps = 16 / halves.len();
        let steps = if bar == LAST { 32 } else { steps };
        halves.iter().enumerate().map(move |(half, harmony)| Change { bar, step: half * 8, steps, harmony })
    })
}

/// The harmony that sounds at a place.
pub(super) fn harmony_at(bar: usize, step: usize) -> &'static Harmony {
    let halves = CHANGES[bar.min(LAST)];
    halves[(step * halves.len() / 16).min(halves.len() - 1)]
}

/// How hard the band plays, 0 to 1.
pub(super) fn energy(bar: usize) -> f64 {
    match part(bar) {
        Part::Intro => 0.55,
        Part::Verse => 0.65,
        Part::Rise => 0.66 + 0.06 * (bar - 12) as f64,
        Part::Chorus => 0.92,
        Part::SecondVerse => 0.72,
        Part::Bridge => 0.5,
        Part::LastChorus => 1.0,
        Part::Outro => 0.66,
        Part::End => 0.8,
    }
}

/// One bar of drums. Sixteen signs each: `.` rest, `o` soft, `x` played, `X` accented; hats also `O`, open.
pub(super) struct Groove {
    pub(super) kick: &'static str,
    pub(super) snare: &'static str,
    pub(super) hats: &'static str,
}

const fn groove(kick: &'static str, snare: &'static str, hats: &'static str) -> Groove {
    Groove { kick, snare, hats }
}

const REST: &str = "................";

const TACET: Groove = groove(REST, REST, REST);
const VERSE: Groove = groove("X.....o...x.....", "....X..o....X...", "X.o.x.o.x.o.x.oo");
const VERSE_ANSWER: Groove = groove("X.....x...x....o", "....X..o.o..X..o", "X.o.x.oox.o.x.O.");
const VERSE_FILL: Groove = groove("X.....o...x.....", "....X..o..o.xxoX", "X.o.x.o.x.o.x...");
const RISE: Groove = groove("X.......x.......", "............X...", "x.o.x.o.x.o.x.o.");
const RISE_PUSH: Groove = groove("X.......x.......", "............X...", "x.x.x.x.x.x.x.O.");
const RISE_ROLL: Groove = groove("X...x...x...x.x.", "o.o.o.o.ooooxxxX", "x...x...x.......");
const CHORUS: Groove = groove("X..x....X..x....", "....X..o....X...", "X.x.X.x.X.x.X.x.");
const CHORUS_ANSWER: Groove = groove("X..x..o.X..x..x.", "....X..o.o..X..o", "X.xoX.x.X.xoX.O.");
const CHORUS_TURN: Groove = groove("X..x..o.X..x..x.", "....X..o.o..X.oX", "X.xoX.xoX.xoX.O.");
const CHORUS_FILL: Groove = groove("X..x....X..x....", "....X..o..X.XxoX", "X.x.X.x.X.x.....");
const LAST_FILL: Groove = groove("X..x..o.X.......", "....X..oXoxoXxXX", "X.x.X.x.........");
const SECOND: Groove = groove("X.....o...x..o..", "....X..o....X..o", "XoooXooox.ooX.oo");
const SECOND_ANSWER: Groove = groove("X.....x...x....o", "....X..o.o..X..o", "XoooXooox.ooX.O.");
const SECOND_FILL: Groove = groove("X.....x...x.....", "....X..o.oX...Xx", "X.o.x.o.x.o.O...");
const BRIDGE_ROLL: Groove = groove("X...x...x.x.x.xx", "o.o.oooooxoxxXXX", "x...x...........");

/// What the drummer plays in a bar.
pub(super) fn drums(bar: usize) -> Groove {
    let even = bar.is_multiple_of(2);
    match bar {
        0 => TACET,
        1 => groove(REST, REST, "....o...o...o.o."),
        2 => groove("X.....o.....x...", "............o...", "x.o.x.o.x.o.x.oo"),
        3 => groove("X.....o...x.....", "............xoxX", "x.o.x.o.x.o.x..."),
        11 => VERSE_FILL,
        12 | 13 => RISE,
        14 => RISE_PUSH,
        15 => RISE_ROLL,
        19 | 35 => CHORUS_TURN,
        23 => CHORUS_FILL,
        27 => SECOND_FILL,
        29 => groove(REST, REST, "........o...o.o."),
        30 => groove("X.......x.......", "............o...", "x.o.x.o.x.o.x.o."),
        31 => BRIDGE_ROLL,
        39 => LAST_FILL,
        42 => groove("X.....o...x.....", "....x..o....x...", "x.o.x.o.x.o.x.o."),
        43 => groove("x...............", "............ooxx", "o...o...o......."),
        // One stroke, and let it ring.
        28 | LAST => groove("X...............", REST, REST),
        _ => match part(bar) {
            Part::Verse | Part::Outro if even => VERSE,
            Part::Verse | Part::Outro => VERSE_ANSWER,
            Part::Chorus | Part::LastChorus if even => CHORUS,
            Part::Chorus | Part::LastChorus => CHORUS_ANSWER,
            Part::SecondVerse if even => SECOND,
            Part::SecondVerse => SECOND_ANSWER,
            Part::Intro | Part::Rise | Part::Bridge | Part::End => TACET,
        },
    }
}

/// The bars that have music in them.
pub(super) fn bars() -> std::ops::Range<usize> {
    0..LAST + 1
}

#[cfg(test)]
mod tests {
    use super::{LAST, bars, changes, drums, harmony_at};
    use crate::demo::notation::strokes;

    #[test]
    fn every_bar_has_sixteen_sixteenths() {
        for bar in bars() {
            let groove = drums(bar);
            for pattern in [groove.kick, groove.snare, groove.hats] {
                assert_eq!(pattern.len(), 16, "bar {bar}: {pattern}");
                assert!(pattern.chars().all(|c| ".oxXO".contains(c)), "bar {bar}: {pattern}");
            }
            assert!(strokes(groove.kick).all(|(step, ..)| step < 16));
        }
    }

    #[test]
    fn the_harmony_is_gapless_and_its_voices_move_little() {
        let all: Vec<_> = changes().collect();
        for pair in all.windows(2) {
            assert_eq!(pair[0].bar * 16 + pair[0].step + pair[0].steps, pair[1].bar * 16 + pair[1].step);
            let moved: Vec<i32> = pair[0]
                .harmony
                .voices
                .iter()
                .zip(pair[1].harmony.voices)
                .map(|(a, b)| (i32::from(*a) - i32::from(b)).abs())
                .collect();
            // No voice leaps further than a fourth.
            assert!(moved.iter().all(|m| *m <= 5), "bar {}: {moved:?}", pair[1].bar);
            assert!(moved.iter().sum::<i32>() <= 14, "bar {}: {moved:?}", pair[1].bar);
        }
        assert!(std::ptr::eq(harmony_at(15, 9), all.iter().find(|c| c.bar == 15 && c.step == 8).unwrap().harmony));
        assert_eq!(all.last().unwrap().bar, LAST);
    }
}
