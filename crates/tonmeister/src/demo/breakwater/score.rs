//! The song on paper: form, harmony and the patterns of the machines.
//!
//! D minor at 125 beats per minute, so that a sixteenth is exactly 5760 frames and a bar 1.92 s.
//!
//! | bars  | seconds     | part    | what happens |
//! |-------|-------------|---------|--------------|
//! | 0–7   | 0.0 – 15.4  | intro   | out of the open fifth that the waltz left: pad, arpeggio, hats, a filter that opens |
//! | 8–15  | 15.4 – 30.7 | groove  | kick, bass, guitar; D minor, G minor, A minor |
//! | 16–23 | 30.7 – 46.1 | theme   | B♭, C, D minor, F: stabs and the lead |
//! | 24–31 | 46.1 – 61.4 | break   | no drums; a voice, in pieces; A major, a roll, a rise |
//! | 32–43 | 61.4 – 84.5 | drop    | the theme with everything |
//! | 44–47 | 84.5 – 92.2 | outro   | the machines go one by one |
//! | 48    | 92.2 – 96.0 | end     | one hit, and its echoes |

use crate::chance::Random;
use crate::demo::SAMPLE_RATE;
use crate::demo::notation::{Harmony, Line, harmony};

/// Frames in a sixteenth.
pub(in crate::demo) const STEP: f64 = 5760.0;
/// Length of the song: fifty bars.
pub(in crate::demo) const FRAMES: usize = 50 * 16 * STEP as usize;
/// The bar of the last hit.
pub(super) const LAST: usize = 48;

/// Even sixteenths come this much late, as a part of a sixteenth: machines can shuffle.
const SHUFFLE: f64 = 0.1;

/// The frame of a place in the score, in sixteenths from the start of a bar.
pub(in crate::demo) fn at(bar: usize, step: f64) -> f64 {
    let off_beat = step % 2.0 == 1.0;
    (bar as f64 * 16.0 + step + if off_beat { SHUFFLE } else { 0.0 }) * STEP
}

/// The same, as a hand plays it.
pub(super) fn played(bar: usize, step: usize, spread_ms: f64, hand: &mut Random) -> f64 {
    (at(bar, step as f64) + hand.human() * spread_ms * 0.001 * f64::from(SAMPLE_RATE)).max(0.0)
}

/// The parts of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Intro,
    Groove,
    Theme,
    Break,
    Drop,
    Outro,
    End,
}

/// Which part a bar belongs to.
pub(super) fn part(bar: usize) -> Part {
    match bar {
        0..=7 => Part::Intro,
        8..=15 => Part::Groove,
        16..=23 => Part::Theme,
        24..=31 => Part::Break,
        32..=43 => Part::Drop,
        44..=47 => Part::Outro,
        _ => Part::End,
    }
}

static FIFTH: Harmony = harmony(38, [57, 62, 69, 74]);
static DM9: Harmony = harmony(38, [57, 60, 64, 65]);
static GM9: Harmony = harmony(31, [57, 58, 62, 65]);
static AM7: Harmony = harmony(33, [55, 60, 64, 67]);
static BB_MAJ9: Harmony = harmony(34, [57, 60, 62, 65]);
static C_ADD9: Harmony = harmony(36, [55, 60, 62, 64]);
static F_OVER_A: Harmony = harmony(33, [57, 60, 65, 67]);
static A7_SUS: Harmony = harmony(33, [55, 62, 64, 69]);
static A7: Harmony = harmony(33, [55, 61, 64, 69]);

/// The harmony of a bar.
pub(super) fn harmony_of(bar: usize) -> &'static Harmony {
    let groove = [&DM9, &DM9, &GM9, &AM7];
    let theme = [&BB_MAJ9, &C_ADD9, &DM9, &F_OVER_A];
    match part(bar) {
        Part::Intro if bar < 4 => &FIFTH,
        Part::Intro => [&DM9, &DM9, &BB_MAJ9, &C_ADD9][bar % 4],
        Part::Groove | Part::Outro => groove[bar % 4],
        Part::Theme | Part::Drop => theme[bar % 4],
        Part::Break => [&GM9, &GM9, &BB_MAJ9, &C_ADD9, &DM9, &F_OVER_A, &A7_SUS, &A7][bar - 24],
        Part::End => &DM9,
    }
}

/// One bar of the machines; sixteen signs each, as [`strokes`](crate::demo::notation::strokes) reads them.
pub(super) struct Groove {
    pub(super) kick: &'static str,
    pub(super) clap: &'static str,
    pub(super) hats: &'static str,
    pub(super) open: &'static str,
    pub(super) rim: &'static str,
    pub(super) shaker: &'static str,
    pub(super) roll: &'static str,
}

const REST: &str = "................";

/// What the machines play in a bar.
pub(super) fn machines(bar: usize) -> Groove {
    let rest = Groove { kick: REST, clap: REST, hats: REST, open: REST, rim: REST, shaker: REST, roll: REST };
    let odd = bar % 2 == 1;
    let four = "X...X...X...X...";
    match part(bar) {
        Part::Intro if bar < 2 => rest,
        Part::Intro if bar < 4 => Groove { hats: "..o...o...o...o.", ..rest },
        Part::Intro if bar == 7 => {
            Groove { kick: "x...x...x...x.xx", hats: "oxoxoxoxoxoxoxxx", shaker: "xoxoxoxoxoxoxoxo", ..rest }
        }
        Part::Intro => Groove {
            kick: if bar < 6 { REST } else { "x...x...x...x..." },
            hats: "oxoxoxoxoxoxoxox",
            shaker: "xoxoxoxoxoxoxoxo",
            ..rest
        },
        Part::Groove => Groove {
            kick: if bar == 15 { "X...X...X......." } else { four },
            clap: if bar < 12 { REST } else { "....X.......X..." },
            hats: "oooxoooxoooxoooo",
            open: if bar < 10 { REST } else { "..x...x...x...x." },
            rim: if odd { "...x..x....x..xo" } else { "...x..x...x....." },
            shaker: "XoxoXoxoXoxoXoxo",
            roll: if bar == 15 { "..........o.xoxX" } else { REST },
        },
        Part::Theme => Groove {
            kick: if bar == 23 { "X...X...X......." } else { four },
            clap: if odd { "....X.......X..o" } else { "....X.......X..." },
            hats: "oxoxoxoxoxoxoxoo",
            open: "..X...X...X...X.",
            rim: if odd { "...x..x..x.x..xo" } else { "...x..x...x..x.." },
            shaker: "XoxoXoxoXoxoXoxo",
            roll: if bar == 23 { "........x.x.xxXX" } else { REST },
        },
        Part::Break => match bar {
            28 | 29 => Groove { hats: "..o...o...o...o.", shaker: "o.o.o.o.o.o.o.o.", ..rest },
            30 => Groove { roll: "o...o...o...o...", shaker: "xoxoxoxoxoxoxoxo", hats: "..x...x...x...x.", ..rest },
            31 => Groove { roll: "o.o.o.o.xxxxXX..", shaker: "xoxoxoxoxoxo....", ..rest },
            _ => rest,
        },
        Part::Drop => Groove {
            kick: match bar {
                39 => "X...X...X...X.xX",
                43 => "X...X...X...X...",
                _ => four,
            },
            clap: if odd { "....X..o....X..o" } else { "....X.......X..." },
            hats: "XoxoXoxoXoxoXoxo",
            open: "..X...X...X...X.",
            rim: if odd { "...x..x..x.x..xo" } else { "...x..x...x..x.o" },
            shaker: "XoxoXoxoXoxoXoxo",
            roll: if bar == 39 { "............xxXX" } else { REST },
        },
        Part::Outro => Groove {
            kick: if bar < 46 { four } else { REST },
            clap: if bar < 45 { "....X.......X..." } else { REST },
            hats: if bar < 47 { "oooxoooxoooxoooo" } else { "o.o.o.o........." },
            open: if bar < 45 { "..x...x...x...x." } else { REST },
            rim: "...x..x....x..xo",
            shaker: if bar < 46 { "XoxoXoxoXoxoXoxo" } else { "xoxoxoxoxoxoxoxo" },
            roll: REST,
        },
        Part::End => Groove { kick: if bar == LAST { "X..............." } else { REST }, ..rest },
    }
}

/// The bass: `R` root, `O` octave, `F` fifth, `S` seventh, each a sixteenth; `-` holds.
pub(super) fn bass(bar: usize) -> &'static str {
    let odd = bar % 2 == 1;
    match part(bar) {
        Part::Groove | Part::Outro if bar == 47 => "R..R..O.........",
        Part::Groove | Part::Outro if odd => "R..R..O.R..RF.SO",
        Part::Groove | Part::Outro => "R..R..O.R.R.S.O.",
        Part::Theme if odd => "..RR..RO..RR.OFS",
        Part::Theme => "..RR..RO..RR..RO",
        Part::Drop if odd => "R.RR.ORO.-RR.OFS",
        Part::Drop => "R.RR.ORO.-RR..RO",
        Part::End if bar == LAST => "R-----------....",
        Part::Intro | Part::Break | Part::End => REST,
    }
}

/// The lead's tune over the four bars of the theme, with a second ending.
pub(in crate::demo) const TUNE: Line = &[
    (0, 0, 3, 74),
    (0, 3, 3, 72),
    (0, 6, 2, 74),
    (0, 8, 4, 77),
    (0, 12, 2, 74),
    (0, 14, 2, 72),
    (1, 0, 6, 72),
    (1, 6, 2, 67),
    (1, 8, 4, 76),
    (1, 12, 2, 74),
    (1, 14, 2, 72),
    (2, 0, 3, 69),
    (2, 3, 3, 72),
    (2, 6, 6, 74),
    (2, 12, 2, 77),
    (2, 14, 2, 76),
    (3, 0, 6, 72),
    (3, 6, 4, 69),
    (3, 12, 2, 69),
    (3, 14, 2, 72),
    (4, 0, 3, 74),
    (4, 3, 3, 72),
    (4, 6, 2, 74),
    (4, 8, 4, 79),
    (4, 12, 2, 77),
    (4, 14, 2, 74),
    (5, 0, 6, 76),
    (5, 6, 2, 72),
    (5, 8, 6, 67),
    (5, 14, 2, 69),
    (6, 0, 3, 69),
    (6, 3, 3, 72),
    (6, 6, 6, 74),
    (6, 12, 2, 77),
    (6, 14, 2, 79),
    (7, 0, 3, 77),
    (7, 3, 3, 76),
    (7, 6, 6, 72),
    (7, 12, 4, 69),
];

/// Where the tune is played: its first bar's bar, how many bars of it.
pub(super) const TUNES: [(usize, usize); 3] = [(16, 8), (32, 8), (40, 4)];

/// The voice's pieces: bar, sixteenth, length, note, and what it sings. They are cut out and put where they are needed.
pub(super) const VOICE: &[(usize, usize, usize, u8, &str)] = &[
    (22, 12, 3, 69, "OW"),
    (23, 3, 3, 72, "OW V"),
    (23, 8, 6, 69, "ER"),
    (24, 0, 4, 69, "K AE"),
    (24, 4, 4, 70, "R IY"),
    (24, 8, 14, 69, "M IY"),
    (26, 0, 4, 69, "OW"),
    (26, 4, 4, 72, "V ER"),
    (26, 8, 20, 74, "OW"),
    (28, 0, 4, 69, "K AE"),
    (28, 4, 4, 72, "R IY"),
    (28, 8, 14, 77, "M IY"),
    (30, 0, 6, 76, "OW"),
    (30, 6, 6, 74, "V ER"),
    (31, 0, 12, 73, "OW"),
    // pieces over the drop
    (33, 3, 2, 69, "OW"),
    (33, 6, 2, 72, "OW"),
    (33, 11, 2, 69, "AH"),
    (33, 14, 2, 67, "OW"),
    (35, 3, 2, 72, "OW"),
    (35, 6, 2, 69, "OW"),
    (35, 11, 3, 72, "K AE"),
    (35, 14, 2, 74, "R IY"),
    (37, 3, 2, 69, "OW"),
    (37, 6, 2, 72, "OW"),
    (37, 11, 2, 76, "AH"),
    (37, 14, 2, 72, "OW"),
    (39, 0, 6, 72, "OW"),
    (39, 6, 6, 69, "V ER"),
    (41, 3, 2, 69, "OW"),
    (41, 6, 2, 72, "OW"),
    (41, 11, 2, 69, "AH"),
    (41, 14, 2, 67, "OW"),
    (43, 0, 4, 72, "K AE"),
    (43, 4, 4, 74, "R IY"),
    (43, 8, 6, 69, "M IY"),
    (46, 0, 6, 72, "OW"),
    (46, 6, 8, 69, "V ER"),
];

/// The bars that have music in them.
pub(super) fn bars() -> std::ops::Range<usize> {
    0..LAST + 1
}

#[cfg(test)]
mod tests {
    use super::{TUNE, VOICE, bars, bass, harmony_of, machines};
    use crate::demo::instruments::phones::{consonant_of, vowel_of};

    #[test]
    fn every_pattern_has_sixteen_sixteenths() {
        for bar in bars() {
            let all = machines(bar);
            for pattern in [all.kick, all.clap, all.hats, all.open, all.rim, all.shaker, all.roll] {
                assert_eq!(pattern.len(), 16, "bar {bar}: {pattern}");
                assert!(pattern.chars().all(|c| ".oxXO".contains(c)), "bar {bar}: {pattern}");
            }
            assert!(bass(bar).len() == 16 && bass(bar).chars().all(|c| "ROFS-.".contains(c)), "bar {bar}");
        }
    }

    #[test]
    fn chords_move_in_small_steps() {
        for pair in bars().collect::<Vec<_>>().windows(2) {
            let (a, b) = (harmony_of(pair[0]), harmony_of(pair[1]));
            let moved: Vec<i32> =
                a.voices.iter().zip(b.voices).map(|(a, b)| (i32::from(*a) - i32::from(b)).abs()).collect();
            assert!(moved.iter().sum::<i32>() <= 18, "bar {}: {moved:?}", pair[1]);
        }
    }

    #[test]
    fn nobody_sings_or_plays_two_notes_at_once_and_every_sign_is_known() {
        for pair in TUNE.windows(2) {
            assert!(pair[0].0 * 16 + pair[0].1 + pair[0].2 <= pair[1].0 * 16 + pair[1].1, "{pair:?}");
        }
        for pair in VOICE.windows(2) {
            assert!(pair[0].0 * 16 + pair[0].1 + pair[0].2 <= pair[1].0 * 16 + pair[1].1, "{pair:?}");
        }
        for (.., signs) in VOICE {
            for sign in signs.split(' ') {
                assert_ne!(vowel_of(sign).is_some(), !consonant_of(sign).is_empty(), "{sign}");
            }
        }
    }
}
