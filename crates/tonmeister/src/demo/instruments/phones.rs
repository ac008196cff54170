//! How a mouth stands for each sound of speech.
//!
//! Formant frequencies of the vowels: the men's averages of Peterson and Barney (JASA 24(2), 1952, table II); loci and
//! noises of the consonants after Klatt (JASA 67(3), 1980, table III), rounded. A singer with a shorter vocal tract
//! scales them all up.

/// What the vocal tract does at one moment. Everything here can be passed through on the way to something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    /// The first four resonances, in Hz.
    pub(crate) formants: [f64; 4],
    /// Their bandwidth against an open mouth's.
    pub(crate) damping: f64,
    /// Level of the vocal folds, 1 for a vowel.
    pub(crate) voice: f64,
    /// Level of the breath that runs through the whole tract.
    pub(crate) breath: f64,
    /// Level of a noise made at teeth or lips, and its pitch in Hz.
    pub(crate) hiss: f64,
    pub(crate) hiss_hz: f64,
    /// Air thrown at the microphone.
    pub(crate) pop: f64,
    /// How closed the mouth is: 0 open, 1 humming.
    pub(crate) shut: f64,
}

/// One thing the mouth does: how long it takes to get there, and how long until the next, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gesture {
    pub(crate) travel_ms: f64,
    pub(crate) ms: f64,
    pub(crate) shape: Shape,
}

const fn vowel(f1: f64, f2: f64, f3: f64) -> Shape {
    Shape {
        formants: [f1, f2, f3, 3450.0],
        damping: 1.0,
        voice: 1.0,
        breath: 1.0,
        hiss: 0.0,
        hiss_hz: 5000.0,
        pop: 0.0,
        shut: 0.0,
    }
}

/// A consonant with tone: softer, darker, more damped.
const fn sonorant(formants: [f64; 3], voice: f64, damping: f64, shut: f64) -> Shape {
    let open = vowel(formants[0], formants[1], formants[2]);
    Shape { voice, damping, shut, breath: 0.4, ..open }
}

/// A consonant without.
const fn noise(formants: [f64; 3], hiss: f64, hiss_hz: f64, breath: f64) -> Shape {
    let open = vowel(formants[0], formants[1], formants[2]);
    Shape { voice: 0.0, breath, hiss, hiss_hz, ..open }
}

const fn gesture(travel_ms: f64, ms: f64, shape: Shape) -> Gesture {
    Gesture { travel_ms, ms, shape }
}

/// The mouth at rest.
pub(crate) const REST: Shape = Shape { voice: 0.0, breath: 0.0, ..vowel(500.0, 1450.0, 2450.0) };

/// Drawing breath before a phrase.
pub(crate) const INHALE: Shape = Shape { voice: 0.0, breath: 1.6, ..vowel(620.0, 1500.0, 2600.0) };

/// The vowel of a sign, if it is one.
pub(crate) fn vowel_of(sign: &str) -> Option<Shape> {
    Some(match sign {
        "IY" => vowel(270.0, 2290.0, 3010.0),
        "IH" => vowel(390.0, 1990.0, 2550.0),
        "EH" => vowel(530.0, 1840.0, 2480.0),
        "AE" => vowel(660.0, 1720.0, 2410.0),
        "AA" => vowel(730.0, 1090.0, 2440.0),
        "AO" => vowel(570.0, 840.0, 2410.0),
        "AH" => vowel(640.0, 1190.0, 2390.0),
        "OW" => vowel(490.0, 880.0, 2350.0),
        "UW" => vowel(310.0, 870.0, 2240.0),
        "ER" => vowel(490.0, 1350.0, 1690.0),
        _ => return None,
    })
}

const SILENT: [f64; 3] = [350.0, 1500.0, 2500.0];

/// What the mouth does for the consonant of a sign; nothing for a sign that is none.
pub(crate) fn consonant_of(sign: &str) -> &'static [Gesture] {
    match sign {
        "M" => &const { [gesture(28.0, 75.0, sonorant([270.0, 1000.0, 2200.0], 0.55, 2.0, 0.75))] },
        "N" => &const { [gesture(28.0, 70.0, sonorant([270.0, 1500.0, 2500.0], 0.55, 2.0, 0.72))] },
        "NG" => &const { [gesture(40.0, 85.0, sonorant([280.0, 1900.0, 2500.0], 0.55, 2.0, 0.72))] },
        "L" => &const { [gesture(36.0, 70.0, sonorant([350.0, 1080.0, 2780.0], 0.72, 1.4, 0.25))] },
        "R" => &const { [gesture(45.0, 75.0, sonorant([350.0, 1150.0, 1550.0], 0.78, 1.2, 0.15))] },
        "W" => &const { [gesture(45.0, 75.0, sonorant([290.0, 640.0, 2200.0], 0.66, 1.3, 0.3))] },
        "Y" => &const { [gesture(45.0, 70.0, sonorant([270.0, 2250.0, 3000.0], 0.7, 1.3, 0.15))] },
        "V" => {
            &const {
                [gesture(
                    28.0,
                    60.0,
                    Shape { hiss: 0.05, hiss_hz: 3800.0, ..sonorant([260.0, 1100.0, 2100.0], 0.38, 1.8, 0.6) },
                )]
            }
        }
        "DH" => {
            &const {
                [gesture(
                    25.0,
                    50.0,
                    Shape { hiss: 0.05, hiss_hz: 5200.0, ..sonorant([280.0, 1300.0, 2500.0], 0.4, 1.8, 0.6) },
                )]
            }
        }
        "Z" => {
            &const {
                [gesture(
                    25.0,
                    80.0,
                    Shape { hiss: 0.3, hiss_hz: 6700.0, ..sonorant([260.0, 1700.0, 2550.0], 0.25, 1.8, 0.6) },
                )]
            }
        }
        "S" => &const { [gesture(26.0, 105.0, noise([350.0, 1650.0, 2550.0], 0.7, 6700.0, 0.2))] },
        "F" => &const { [gesture(24.0, 85.0, noise([350.0, 1100.0, 2150.0], 0.13, 4300.0, 0.5))] },
        "HH" => &const { [gesture(25.0, 70.0, noise([560.0, 1350.0, 2450.0], 0.0, 4000.0, 6.0))] },
        "T" => {
            &const {
                [
                    gesture(14.0, 48.0, noise(SILENT, 0.0, 4800.0, 0.0)),
                    gesture(2.0, 14.0, noise([350.0, 1750.0, 2600.0], 0.62, 4800.0, 2.0)),
                    gesture(12.0, 22.0, noise([400.0, 1700.0, 2600.0], 0.1, 5200.0, 3.5)),
                ]
            }
        }
        "K" => {
            &const {
                [
                    gesture(14.0, 50.0, noise(SILENT, 0.0, 2300.0, 0.0)),
                    gesture(2.0, 16.0, Shape { pop: 0.5, ..noise([350.0, 1900.0, 2400.0], 0.5, 2300.0, 3.0) }),
                    gesture(14.0, 30.0, noise([450.0, 1900.0, 2450.0], 0.08, 2600.0, 4.5)),
                ]
            }
        }
        "D" => {
            &const {
                [
                    gesture(18.0, 45.0, sonorant([220.0, 1700.0, 2600.0], 0.16, 2.0, 0.9)),
                    gesture(
                        2.0,
                        12.0,
                        Shape { hiss: 0.3, hiss_hz: 4300.0, ..sonorant([260.0, 1700.0, 2600.0], 0.3, 1.5, 0.3) },
                    ),
                ]
            }
        }
        "B" => {
            &const {
                [
                    gesture(18.0, 50.0, sonorant([220.0, 800.0, 2200.0], 0.16, 2.0, 0.95)),
                    gesture(
                        2.0,
                        14.0,
                        Shape {
                            pop: 1.0,
                            hiss: 0.08,
                            hiss_hz: 1200.0,
                            ..sonorant([260.0, 850.0, 2200.0], 0.4, 1.5, 0.3)
                        },
                    ),
                ]
            }
        }
        _ => &[],
    }
}
