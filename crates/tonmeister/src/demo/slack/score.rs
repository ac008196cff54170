//! The song on paper: form, harmony, melodies, and a tempo that breathes.
//!
//! D major in three, 88 beats per minute when nothing pulls. Six eighths to a bar.
//!
//! | bars  | part    | what happens |
//! |-------|---------|--------------|
//! | 0–3   | intro   | a guitar by the water |
//! | 4–11  | theme   | the felt piano sings; G minor six in bar 7 is the shadow; it slows at the end |
//! | 12–19 | turn    | B minor; the cello takes over, the bass joins |
//! | 20–27 | height  | B flat, F, G minor: harp and strings, the one loud place; then it is held back |
//! | 28–35 | return  | the theme with a celesta above it, and the cello against it |
//! | 36–39 | coda    | over a D that stays; the third goes, an open fifth is left, and the water |

use crate::chance::Random;
use crate::demo::SAMPLE_RATE;
use crate::demo::notation::{Harmony, Line, Tempo, harmony};

/// The bar in which the open fifth begins.
pub(super) const LAST: usize = 38;
/// Length of the song: the fifth and the water go on for a while after the last bar.
pub(in crate::demo) const FRAMES: usize = 94 * SAMPLE_RATE as usize;

/// In beats of a quarter.
pub(in crate::demo) static TEMPO: Tempo = Tempo(&[
    (0.0, 86.0, 86.0),
    (12.0, 88.0, 88.0),
    (30.0, 88.0, 76.0),
    (36.0, 90.0, 94.0),
    (60.0, 96.0, 96.0),
    (78.0, 96.0, 68.0),
    (84.0, 86.0, 86.0),
    (102.0, 86.0, 66.0),
    (114.0, 64.0, 64.0),
]);

/// The frame of a place in the score, in eighths from the start of a bar.
pub(super) fn at(bar: usize, eighth: f64) -> f64 {
    TEMPO.frame(bar as f64 * 3.0 + eighth * 0.5)
}

/// The same, as a hand plays it: some milliseconds early or late.
pub(super) fn played(bar: usize, eighth: f64, spread_ms: f64, hand: &mut Random) -> f64 {
    (at(bar, eighth) + hand.human() * spread_ms * 0.001 * f64::from(SAMPLE_RATE)).max(0.0)
}

static D9: Harmony = harmony(38, [57, 62, 64, 66]);
static D_OVER_FS: Harmony = harmony(42, [57, 62, 66, 69]);
static BM7: Harmony = harmony(47, [57, 62, 66, 69]);
static BM9: Harmony = harmony(47, [57, 61, 62, 66]);
static BM9_OVER_A: Harmony = harmony(45, [57, 61, 62, 66]);
static G_MAJ9: Harmony = harmony(43, [59, 62, 66, 69]);
static GM6: Harmony = harmony(43, [58, 62, 64, 67]);
static EM9: Harmony = harmony(40, [55, 59, 62, 66]);
static EM7: Harmony = harmony(40, [59, 62, 64, 67]);
static FSM7: Harmony = harmony(42, [57, 61, 64, 69]);
static A7_SUS: Harmony = harmony(45, [55, 59, 62, 64]);
static A7: Harmony = harmony(45, [55, 59, 61, 64]);
static A13_SUS: Harmony = harmony(45, [55, 59, 62, 66]);
static B7_FLAT9: Harmony = harmony(39, [57, 60, 66, 69]);
static BB_MAJ7: Harmony = harmony(46, [57, 62, 65, 69]);
static F_OVER_A: Harmony = harmony(45, [57, 60, 65, 69]);
static GM9: Harmony = harmony(43, [58, 62, 65, 69]);
static EM7_FLAT5: Harmony = harmony(40, [58, 62, 64, 67]);
static A7_FLAT9: Harmony = harmony(45, [58, 61, 64, 67]);
static D_OVER_A: Harmony = harmony(45, [57, 62, 66, 69]);
static G_OVER_D: Harmony = harmony(38, [59, 62, 67, 71]);
static GM6_OVER_D: Harmony = harmony(38, [58, 62, 64, 67]);
static FIFTH: Harmony = harmony(38, [57, 62, 69, 74]);

/// The harmony of each bar: one entry, or two where it changes on the third beat.
static CHANGES: [&[&Harmony]; 40] = [
    &[&D9],
    &[&BM7],
    &[&G_MAJ9],
    &[&A7_SUS],
    // theme
    &[&D_OVER_FS],
    &[&BM7],
    &[&G_MAJ9],
    &[&GM6],
    &[&D_OVER_FS],
    &[&B7_FLAT9],
    &[&EM9],
    &[&A7_SUS, &A7],
    // turn
    &[&BM9],
    &[&BM9_OVER_A],
    &[&G_MAJ9],
    &[&D_OVER_FS],
    &[&EM7],
    &[&FSM7],
    &[&G_MAJ9],
    &[&A13_SUS],
    // height
    &[&BB_MAJ7],
    &[&BB_MAJ7],
    &[&F_OVER_A],
    &[&F_OVER_A],
    &[&GM9],
    &[&GM9],
    &[&EM7_FLAT5],
    &[&A7_FLAT9],
    // return
    &[&D9],
    &[&BM7],
    &[&G_MAJ9],
    &[&GM6],
    &[&D_OVER_A],
    &[&BM7],
    &[&EM9],
    &[&A7_SUS, &A7],
    // coda
    &[&G_OVER_D],
    &[&GM6_OVER_D],
    &[&FIFTH],
    &[&FIFTH],
];

/// The harmony that sounds at a place.
pub(super) fn harmony_at(bar: usize, eighth: usize) -> &'static Harmony {
    let parts = CHANGES[bar.min(CHANGES.len() - 1)];
    if parts.len() == 2 && eighth >= 3 { parts[1] } else { parts[0] }
}

/// The bars that have music in them.
pub(super) fn bars() -> std::ops::Range<usize> {
    0..CHANGES.len()
}

/// How strongly everybody plays, 0 to 1, from bar to bar: one arch with a shadow in its middle.
pub(super) fn strength(bar: usize) -> f64 {
    match bar {
        0..=3 | 36 => 0.42,
        4..=7 => 0.48 + 0.02 * (bar - 4) as f64,
        8..=11 => 0.52 - 0.02 * (bar - 8) as f64,
        12..=19 => 0.52 + 0.03 * (bar - 12) as f64,
        20..=25 => 0.84 + 0.03 * (bar - 20) as f64,
        26 => 0.8,
        27 => 0.62,
        28..=35 => 0.52 - 0.012 * (bar - 28) as f64,
        37 => 0.36,
        _ => 0.3,
    }
}

/// The theme, for the piano; comes back in the return.
pub(super) const THEME: Line = &[
    (3, 4, 2, 69),
    (4, 0, 3, 78),
    (4, 3, 1, 76),
    (4, 4, 2, 74),
    (5, 0, 4, 69),
    (5, 4, 2, 74),
    (6, 0, 4, 78),
    (6, 4, 2, 74),
    (7, 0, 3, 76),
    (7, 3, 1, 74),
    (7, 4, 2, 70),
    (8, 0, 5, 69),
    (8, 5, 1, 71),
    (9, 0, 3, 72),
    (9, 3, 1, 71),
    (9, 4, 2, 69),
    (10, 0, 3, 67),
    (10, 3, 1, 69),
    (10, 4, 2, 71),
    (11, 0, 3, 74),
    (11, 3, 3, 73),
];

/// How the theme ends when it returns.
pub(super) const RETURN: Line = &[
    (27, 4, 2, 69),
    (28, 0, 3, 78),
    (28, 3, 1, 76),
    (28, 4, 2, 74),
    (29, 0, 4, 69),
    (29, 4, 2, 74),
    (30, 0, 4, 78),
    (30, 4, 2, 74),
    (31, 0, 3, 76),
    (31, 3, 1, 74),
    (31, 4, 2, 70),
    (32, 0, 5, 69),
    (33, 0, 3, 74),
    (33, 3, 1, 73),
    (33, 4, 2, 69),
    (34, 0, 3, 71),
    (34, 3, 1, 69),
    (34, 4, 2, 67),
    (35, 0, 3, 69),
    (35, 3, 3, 64),
    (36, 0, 4, 71),
    (36, 4, 2, 74),
    (37, 0, 4, 70),
    (37, 4, 2, 67),
    (38, 0, 6, 69),
];

/// The cello: long notes under the theme's end, its own melody, and the answers to the return.
pub(in crate::demo) const CELLO: Line = &[
    (8, 0, 6, 54),
    (9, 0, 6, 51),
    (10, 0, 6, 52),
    (11, 0, 6, 57),
    // turn
    (12, 0, 4, 62),
    (12, 4, 2, 66),
    (13, 0, 3, 69),
    (13, 3, 1, 67),
    (13, 4, 2, 66),
    (14, 0, 4, 71),
    (14, 4, 2, 69),
    (15, 0, 4, 66),
    (15, 4, 2, 62),
    (16, 0, 3, 64),
    (16, 3, 1, 66),
    (16, 4, 2, 67),
    (17, 0, 3, 69),
    (17, 3, 1, 71),
    (17, 4, 2, 73),
    (18, 0, 4, 74),
    (18, 4, 2, 71),
    (19, 0, 6, 69),
    // height
    (20, 0, 4, 74),
    (20, 4, 2, 77),
    (21, 0, 3, 76),
    (21, 3, 1, 74),
    (21, 4, 2, 72),
    (22, 0, 4, 72),
    (22, 4, 2, 69),
    (23, 0, 4, 67),
    (23, 4, 2, 69),
    (24, 0, 4, 70),
    (24, 4, 2, 74),
    (25, 0, 3, 72),
    (25, 3, 1, 70),
    (25, 4, 2, 69),
    (26, 0, 4, 67),
    (26, 4, 2, 70),
    (27, 0, 4, 70),
    (27, 4, 2, 69),
    // return
    (28, 0, 6, 66),
    (29, 0, 6, 62),
    (30, 0, 4, 59),
    (30, 4, 2, 62),
    (31, 0, 6, 58),
    (32, 0, 3, 57),
    (32, 3, 3, 62),
    (33, 0, 6, 54),
    (34, 0, 6, 55),
    (35, 0, 6, 57),
    (36, 0, 6, 50),
    (37, 0, 6, 50),
];

#[cfg(test)]
mod tests {
    use super::{CELLO, CHANGES, FRAMES, LAST, RETURN, THEME, at, bars};

    /// Eighths in a bar.
    const EIGHTHS: usize = 6;

    #[test]
    fn nobody_plays_two_notes_of_a_melody_at_once_and_all_lie_in_the_form() {
        for line in [THEME, RETURN, CELLO] {
            for pair in line.windows(2) {
                assert!(pair[0].0 * EIGHTHS + pair[0].1 + pair[0].2 <= pair[1].0 * EIGHTHS + pair[1].1, "{pair:?}");
            }
            assert!(line.iter().all(|(bar, eighth, ..)| *bar < CHANGES.len() && *eighth < EIGHTHS));
        }
    }

    #[test]
    fn the_voices_move_little() {
        for pair in CHANGES.windows(2) {
            let (a, b) = (pair[0][pair[0].len() - 1], pair[1][0]);
            let moved: Vec<i32> =
                a.voices.iter().zip(b.voices).map(|(a, b)| (i32::from(*a) - i32::from(b)).abs()).collect();
            assert!(moved.iter().all(|m| *m <= 7) && moved.iter().sum::<i32>() <= 20, "{a:?} to {b:?}");
        }
    }

    #[test]
    fn bars_follow_each_other_and_leave_room_for_the_water() {
        for bar in bars() {
            let seconds = (at(bar + 1, 0.0) - at(bar, 0.0)) / 48_000.0;
            assert!((1.8..2.9).contains(&seconds), "bar {bar} takes {seconds:.2} s");
        }
        let after = (FRAMES as f64 - at(LAST, 0.0)) / 48_000.0;
        assert!((12.0..18.0).contains(&after), "{after:.1} s from the open fifth to the end");
    }
}
